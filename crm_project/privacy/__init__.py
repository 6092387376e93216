"""Looking for traces of unlogged mail in everything this installation keeps.

Pure modules: `tokens` (what of a mail would give it away), `unwrapping` (what stored bytes may say), `matching` (finding
thousands of tokens at once). `mailboxes` reads unlogged mail live; `database`, `broker` and `files` go through what is
stored; `originals` knows what logged mail may say; `verification` puts them together. Tokens live in memory only and are
never shown: a finding names a place, and what kind of thing was found there how often.
"""
