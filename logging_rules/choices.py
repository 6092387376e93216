"""Which mails of a page their owner has logged by hand."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from inboxes.envelope import Envelope
from inboxes.models import Inbox
from logging_rules.models import HandChoice
from logging_rules.queries import among


@dataclass(frozen=True, slots=True)
class HandChoices:
    """By (folder id, remote id) who chose each; `waiting` are the fingerprints of those not logged yet, which no tombstone stops."""

    chosen_by: dict[tuple[str, str], int] = field(default_factory=dict)
    waiting: frozenset[bytes] = frozenset()


def choices_among(inbox: Inbox, envelopes: Sequence[Envelope]) -> HandChoices:
    """One query for an inbox of which nothing was ever logged by hand."""
    choices = HandChoice.objects.filter(inbox=inbox)
    if not choices.exists():
        return HandChoices()
    rows = choices.filter(remote_id__in=among(envelope.remote_id for envelope in envelopes))
    found = {
        (folder_id, remote_id): (person_id, waiting)
        for folder_id, remote_id, person_id, waiting in rows.values_list(
            "folder__remote_id", "remote_id", "chosen_by", "waiting"
        )
    }
    return HandChoices(
        chosen_by={key: person_id for key, (person_id, _) in found.items()},
        waiting=frozenset(
            envelope.fingerprint
            for envelope in envelopes
            if found.get((envelope.folder_id, envelope.remote_id), (0, False))[1]
        ),
    )
