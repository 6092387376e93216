"""Which mails of a page their owner has logged by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from inboxes.envelope import Envelope
from inboxes.lookups import among
from inboxes.models import Inbox, Sighting
from logging_rules.engine import BY_HAND
from logging_rules.models import HandChoice


@dataclass(frozen=True, slots=True)
class HandChoices:
    """By (folder id, remote id) who chose each; `waiting` are the fingerprints of those not logged yet, which no tombstone stops."""

    chosen_by: dict[tuple[str, str], int] = field(default_factory=dict)
    waiting: frozenset[bytes] = frozenset()


def choices_among(inbox: Inbox, envelopes: Sequence[Envelope]) -> HandChoices:
    """Two queries for an inbox of which nothing was ever logged by hand.

    Once a mail is logged its sighting says that it was chosen, under whatever key the mailbox shows it.
    """
    choices = HandChoice.objects.filter(inbox=inbox)
    waiting: dict[tuple[str, str], int] = {}
    if choices.exists():
        rows = choices.filter(remote_id__in=among(envelope.remote_id for envelope in envelopes))
        for folder_id, remote_id, person_id in rows.values_list("folder__remote_id", "remote_id", "chosen_by"):
            waiting[folder_id, remote_id] = person_id
    sightings = Sighting.objects.filter(inbox=inbox, rule=BY_HAND)
    logged: dict[bytes, int] = {}
    if sightings.exists():
        found = sightings.filter(message__fingerprint__in=[envelope.fingerprint for envelope in envelopes])
        chosen = found.values_list("message__fingerprint", "decided_by")
        logged = {bytes(fingerprint): person_id for fingerprint, person_id in chosen if person_id}
    chosen_by = dict(waiting)
    for envelope in envelopes if logged else ():
        if envelope.fingerprint in logged:
            chosen_by[envelope.folder_id, envelope.remote_id] = logged[envelope.fingerprint]
    undecided = [one.fingerprint for one in envelopes if (one.folder_id, one.remote_id) in waiting] if waiting else ()
    return HandChoices(chosen_by, frozenset(undecided))
