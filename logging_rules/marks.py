"""Reads about the marks that owners set in their mail programs."""

from collections import defaultdict
from collections.abc import Sequence

from inboxes.envelope import Envelope
from inboxes.marks import Mark, MarkNames
from inboxes.models import Inbox, MarkedMail
from logging_rules.models import MarkSettings
from logging_rules.tombstones import digest, identity_of


def mark_settings_of(inbox: Inbox) -> MarkSettings:
    """Not saved, where the owner has changed nothing."""
    return MarkSettings.objects.filter(inbox=inbox).first() or MarkSettings(inbox=inbox)


def mark_names_of(inbox: Inbox) -> MarkNames:
    return mark_settings_of(inbox).names


def marks_among(envelopes: Sequence[Envelope], *, inbox: Inbox, key: str) -> dict[bytes, set[Mark]]:
    """By fingerprint, the marks of those mails of which any copy in the inbox carries one. Hashes nothing where there are none."""
    marked = MarkedMail.objects.in_force().filter(inbox=inbox)
    if not marked.exists():
        return {}
    by_digest: defaultdict[bytes, list[bytes]] = defaultdict(list)
    for envelope in envelopes:
        by_digest[digest(identity_of(envelope), key=key)].append(envelope.fingerprint)
    found: defaultdict[bytes, set[Mark]] = defaultdict(set)
    for value, mark in marked.filter(digest__in=list(by_digest)).values_list("digest", "mark"):
        for fingerprint in by_digest[bytes(value)]:
            found[fingerprint].add(Mark(mark))
    return dict(found)
