"""Which thread an e-mail joins. Pure: no Django, no I/O.

Two e-mails belong together when one carries or refers to a message id of the other *and* they share a participant who is
not one of us. References are the sender's claim: the shared outsider keeps a forged header from entering a customer's thread,
and our own addresses prove nothing, because they stand in every mail we get. The subject never joins anything.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from inboxes.envelope import Envelope

LONGEST_ID = 998
"""In bytes: a message id stands on one line (RFC 5322, 2.1.1)."""


class Addresses(Protocol):
    """Any set of addresses, listed or known by their domain."""

    def __contains__(self, email: str, /) -> bool: ...


@dataclass(eq=False, slots=True)
class ThreadGroup:
    """A thread under consideration: stored (`pk`), or one that is about to be made (`pk` is None)."""

    pk: int | None
    participants: set[str]


@dataclass(frozen=True, slots=True)
class Correspondence:
    """What threading looks at in one e-mail; `participants` are outsiders only."""

    message_ids: tuple[str, ...]
    participants: frozenset[str]
    sent_at: datetime


def message_ids(envelope: Envelope) -> tuple[str, ...]:
    """Its own message id and those it refers to, nearest first, without repeats; absurdly long ones lead nowhere."""
    ids = dict.fromkeys((envelope.message_id, *envelope.related_ids))
    return tuple(message_id for message_id in ids if message_id and len(message_id.encode()) <= LONGEST_ID)


def correspondence(envelope: Envelope, colleagues: Addresses) -> Correspondence:
    """`colleagues` are our own addresses, which never count as shared."""
    return Correspondence(
        message_ids=message_ids(envelope),
        participants=outsiders((address.email for address in envelope.participants), colleagues),
        sent_at=envelope.sent_at,
    )


def outsiders(emails: Iterable[str], colleagues: Addresses) -> frozenset[str]:
    return frozenset(email for email in emails if email not in colleagues)


def join_threads(mails: Sequence[Correspondence], known: Mapping[str, Iterable[ThreadGroup]]) -> list[ThreadGroup]:
    """The thread of each mail, in the order given; `known` maps message ids to the stored threads that mention them.

    The mails are joined oldest first, with one another too, so the result does not depend on the order they are given in. An
    e-mail that could join several threads joins the one its nearest relative is in; threads are never merged.
    """
    mentioned: dict[str, list[ThreadGroup]] = {message_id: list(groups) for message_id, groups in known.items()}
    joined: dict[int, ThreadGroup] = {}
    for position in sorted(range(len(mails)), key=lambda position: mails[position].sent_at):
        mail = mails[position]
        group = _first_match(mail, mentioned) or ThreadGroup(None, set())
        group.participants |= mail.participants
        for message_id in mail.message_ids:
            groups = mentioned.setdefault(message_id, [])
            if group not in groups:
                groups.append(group)
        joined[position] = group
    return [joined[position] for position in range(len(mails))]


def _first_match(mail: Correspondence, mentioned: Mapping[str, list[ThreadGroup]]) -> ThreadGroup | None:
    for message_id in mail.message_ids:
        for group in mentioned.get(message_id, ()):
            if not group.participants.isdisjoint(mail.participants):
                return group
    return None
