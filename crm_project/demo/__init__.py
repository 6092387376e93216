"""A believable workspace for a first visit: people, contacts, and mailboxes on a local mail server.

Everything is made up. What is private in the mailboxes starts with `[Private]` or `【私用】`, so that a visitor can look for it
everywhere in the product and find it nowhere.
"""
