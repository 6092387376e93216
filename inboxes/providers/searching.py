"""Searching in headers that were read already, where a server cannot search for us."""

import unicodedata

from inboxes.envelope import Envelope
from inboxes.providers.base import SearchQuery


def names(envelope: Envelope, query: SearchQuery) -> bool:
    """Whether the headers hold the address or name and the subject asked for; width and case of letters do not matter."""
    people = (*envelope.from_, *envelope.to, *envelope.cc, *envelope.bcc)
    address, subject = _folded(query.address), _folded(query.subject)
    named = not address or any(address in _folded(f"{person.name} {person.email}") for person in people)
    return named and subject in _folded(envelope.subject)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
