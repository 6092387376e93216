"""Why an e-mail was logged, for everybody who sees it; and why a message of a mailbox was or was not, for its owner only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from contacts.models import Contact, ContactAddress
from inboxes.addresses import organisation_domain
from inboxes.models import Inbox, InboxKind, LedgerEntry, Message, Sighting, TeamMail
from inboxes.providers.base import MailProvider, SearchQuery
from logging_rules.engine import Decision
from logging_rules.intake import InboxIntake
from logging_rules.reasons import Reason, label_of
from logging_rules.shown import is_shown
from users.models import User


@dataclass(frozen=True, slots=True)
class LoggedBecause:
    """Why one inbox logged an e-mail, when, and whether a person decided it. `can_change`: the viewer says what the inbox logs."""

    inbox: Inbox
    reason: Reason
    matched_address: str
    can_change: bool
    decided_at: datetime
    decided_by: User | None
    owner: User

    @property
    def is_personal(self) -> bool:
        return self.inbox.kind == InboxKind.PERSONAL

    @property
    def domain(self) -> str:
        """Of the address, where leaving out all of it makes sense."""
        domain = self.matched_address.rpartition("@")[2]
        return domain if organisation_domain(domain) else ""


def why_logged(message: Message, *, viewer: User) -> list[LoggedBecause]:
    """One answer for each inbox of which the viewer may know that it logged the e-mail, the earliest decision first. Four queries."""
    known = Sighting.objects.filter(message=message).known_to(viewer)
    sightings = list(known.select_related("inbox__owner", "decided_by").order_by("decided_at", "pk"))
    names = names_of({sighting.matched_address for sighting in sightings}, viewer=viewer)
    holding = Inbox.with_removed.decided_by(viewer).filter(pk__in=[sighting.inbox_id for sighting in sightings])
    decided = set(holding.values_list("pk", flat=True))
    return [
        LoggedBecause(
            inbox=sighting.inbox,
            reason=reason_of_sighting(sighting, names),
            matched_address=sighting.matched_address,
            can_change=sighting.inbox_id in decided,
            decided_at=sighting.decided_at,
            decided_by=sighting.decided_by,
            owner=sighting.inbox.owner,
        )
        for sighting in sightings
    ]


@dataclass(frozen=True, slots=True)
class KeptBecause:
    """A team inbox keeps the e-mail for its members and logs it on no timeline; `label` says why not."""

    inbox: Inbox
    label: str


def why_kept(message: Message, *, viewer: User) -> list[KeptBecause]:
    """One answer for each team inbox of the viewer's that holds the e-mail and does not log it. One query."""
    logged = Sighting.objects.filter(message=OuterRef("message"), inbox=OuterRef("inbox"))
    kept = TeamMail.objects.visible_to(viewer).filter(~Exists(logged), message=message)
    return [KeptBecause(mail.inbox, label_of(mail.code)) for mail in kept.select_related("inbox").order_by("pk")]


def reason_of_sighting(sighting: Sighting, names: dict[str, str]) -> Reason:
    return Reason(
        code=sighting.reason,
        rule=sighting.rule,
        level=sighting.level,
        inbox=_called(sighting.inbox),
        owner=sighting.inbox.holder,
        contact=names.get(sighting.matched_address, sighting.matched_address),
        actor=str(sighting.decided_by or ""),
    )


def _called(inbox: Inbox) -> str:
    """What it logged may have outlived it."""
    is_gone = inbox.removed_at is not None and inbox.became_id is None
    return _("%(inbox)s (removed)") % {"inbox": inbox.label} if is_gone else inbox.label


def names_of(emails: Iterable[str], *, viewer: User) -> dict[str, str]:
    """“Name (address)”, as the active language writes it, of those addresses that belong to a contact today."""
    rows = ContactAddress.objects.filter(email__in=set(emails), contact__in=Contact.objects.visible_to(viewer))
    named = rows.values_list("email", "contact__name")
    return {email: _("%(name)s (%(email)s)") % {"name": name, "email": email} for email, name in named}


@dataclass(frozen=True, slots=True)
class MessageExplanation:
    """One message as its mailbox shows it now. `decision` is what it would be today; `reason` why it was logged if it was, else
    that decision in words; `stored` the state of its ledger row, which only logged or troubled messages have, with its decision
    code and the cause of its trouble."""

    folder: str
    decision: Decision
    reason: Reason
    stored: str
    stored_code: str
    stored_cause: str


def explain_message(inbox: Inbox, message_id: str, provider: MailProvider) -> list[MessageExplanation]:
    """Looks the message up in every folder of the mailbox, live; keeps nothing. Empty when the mailbox does not hold it.

    For the inbox's owner only; of a team's nothing is found that its members could not read. `message_id` may come without its angle
    brackets. Raises `ProviderError`.
    """
    wanted = bracketed(message_id)
    found = [
        (folder.name, envelope)
        for folder in provider.folders()
        for envelope in provider.search(folder, SearchQuery(message_id=wanted))
        if envelope.message_id == wanted and is_shown(envelope, inbox)
    ]
    decisions = InboxIntake(inbox).decide([envelope for _, envelope in found])
    rows = {
        (row.folder.remote_id, row.remote_id): row
        for row in LedgerEntry.objects.filter(
            inbox=inbox, remote_id__in=[envelope.remote_id for _, envelope in found]
        ).select_related("folder")
    }
    sightings = {
        sighting.message_id: sighting
        for sighting in Sighting.objects.filter(
            inbox=inbox, message__in=[row.message_id for row in rows.values() if row.message_id]
        ).select_related("inbox__owner", "decided_by")
    }
    matched = [decision.matched_address for decision in decisions]
    matched += [sighting.matched_address for sighting in sightings.values()]
    names = names_of(matched, viewer=inbox.owner)
    explanations = []
    for (folder_name, envelope), decision in zip(found, decisions, strict=True):
        row = rows.get((envelope.folder_id, envelope.remote_id))
        # A logged mail always looks like part of a logged conversation: its own.
        sighting = sightings.get(row.message_id) if row and row.message_id else None
        explanations.append(
            MessageExplanation(
                folder=folder_name,
                decision=decision,
                reason=reason_of_sighting(sighting, names) if sighting else reason_of_decision(decision, inbox, names),
                stored=row.state if row else "",
                stored_code=row.code if row else "",
                stored_cause=row.cause if row else "",
            )
        )
    return explanations


def bracketed(message_id: str) -> str:
    """As it stands in the header, however somebody typed it."""
    text = message_id.strip()
    return text if text.startswith("<") else f"<{text}>"


def reason_of_decision(decision: Decision, inbox: Inbox, names: dict[str, str]) -> Reason:
    """For the owner of the inbox, in whose name no other person decides yet."""
    return Reason(
        code=decision.code,
        rule=decision.rule,
        level=decision.level,
        inbox=inbox.label,
        owner=inbox.holder,
        contact=names.get(decision.matched_address, decision.matched_address),
        actor=_name_of(decision.decided_by_id),
    )


def _name_of(person_id: int | None) -> str:
    return str(User.objects.get(pk=person_id)) if person_id else ""
