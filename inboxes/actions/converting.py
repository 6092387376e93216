"""From a person's inbox to the team's, and back, without connecting anew.

What was logged was logged by a personal inbox, or by a team's, and is judged as that for ever: who may read it, who decides about it.
So the inbox does not change its kind. A new one takes over the address, the connection and the place in the settings, and the former
one is removed with everything it logged left where it is.
"""

import hmac
from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from audit.actions import record
from inboxes.actions.holding import held, move, owner_only, shut_workers_out, want_sync
from inboxes.actions.refusing import refuse_part_of_mailbox, stored_password
from inboxes.allowed import refuse_connecting
from inboxes.life import Event
from inboxes.models import (
    Credential,
    CredentialKind,
    Inbox,
    InboxKind,
    InboxMember,
    InboxStatus,
    MailServer,
    ProviderKind,
    Removal,
    SignIn,
)
from inboxes.notice_kinds import BEING_DELETED
from inboxes.queries import mails_of
from inboxes.signals import inbox_removed, mailbox_left
from users.models import User
from users.signals import send_on_commit


@transaction.atomic
def convert_to_team(
    *,
    inbox: Inbox,
    name: str,
    members: Iterable[User],
    since: datetime | None,
    by: User,
    from_name: str = "",
    now: datetime | None = None,
) -> Inbox:
    """The team inbox that a personal one becomes. `since`: from when on its members may read everything; None: from now on.

    By its owner, who has to hold account access. Members are not told here.
    """
    now = now or timezone.now()
    former = held(inbox, owner_only, by)
    if former.kind != InboxKind.PERSONAL or not by.has_account_access:
        raise PermissionDenied
    name = " ".join(name.split())
    if not name:
        raise ValidationError(_("A team inbox needs a name."), code="name_missing")
    if since is not None and since > now:
        raise ValidationError(_("This date is in the future."), code="in_future")
    taken_over = _take_over(former, InboxKind.TEAM, owner=by, since=since or now, by=by, now=now)
    taken_over.name, taken_over.from_name = name, " ".join(from_name.split())
    taken_over.save(update_fields=["name", "from_name"])
    people = {person.pk: person for person in members if person.is_active}
    InboxMember.objects.bulk_create(InboxMember(inbox=taken_over, person=person) for person in people.values())
    details = {"from": former.pk, "since": (since or now).isoformat(), "members": sorted(people)}
    record(by=by, action="inbox.became_team", target=taken_over, details=details)
    return taken_over


@transaction.atomic
def convert_to_personal(*, inbox: Inbox, by: User, password: str = "", now: datetime | None = None) -> Inbox:
    """The personal inbox of `by` that a team inbox becomes.

    By a holder of account access who can open the mailbox: whoever signed in to it, or, where it is opened by a password, whoever knows
    that `password`, and nobody but the person whose personal inbox it was before, if it was one. Raises ValidationError with the codes
    `not_your_connection`, `part_of_mailbox`, `wrong_password` or `credential_missing`.
    """
    now = now or timezone.now()
    former = held(inbox, owner_only, by)
    if former.kind != InboxKind.TEAM:
        raise PermissionDenied
    refuse_part_of_mailbox(former)
    refuse_connecting(by=by, provider=ProviderKind(former.provider))
    refuse_who_cannot_open(former, by, password)
    taken_over = _take_over(former, InboxKind.PERSONAL, owner=by, since=now, by=by, now=now)
    record(by=by, action="inbox.became_personal", target=taken_over, details={"from": former.pk})
    return taken_over


def refuse_who_cannot_open(team: Inbox, person: User, password: str) -> None:
    """Account access lets people manage the inbox, and not read it. Asked before the mailbox is read, and again when it changes hands."""
    whose = _whose_alone(team)
    if whose not in (None, person):
        raise ValidationError(
            _("Only %(person)s, who signed in to this mailbox, can make it their own inbox."),
            params={"person": str(whose)},
            code="not_your_connection",
        )
    if _has_password(team) and not hmac.compare_digest(stored_password(team).encode(), password.encode()):
        raise ValidationError(_("This is not the password of the mailbox."), code="wrong_password")


def _whose_alone(team: Inbox) -> User | None:
    """The one person who may take the mailbox over with all of its past; None: anybody who manages it and knows its password.

    A password that is kept here proves nothing of who takes it over, and opens what was private before the team had it.
    """
    if not _has_password(team):
        return team.owner
    before = Inbox.with_removed.filter(became=team, kind=InboxKind.PERSONAL).select_related("owner").first()
    return before.owner if before else None


def _has_password(inbox: Inbox) -> bool:
    return Credential.objects.filter(inbox=inbox, kind=CredentialKind.PASSWORD).exists()


def not_caught_up() -> ValidationError:
    """Mail that has arrived but is not decided yet would be passed over for good."""
    return ValidationError(
        _("E-mails of this mailbox are still waiting to be read, and none may get lost. Try again in a minute."),
        code="not_caught_up",
    )


def _take_over(former: Inbox, kind: InboxKind, *, owner: User, since: datetime, by: User, now: datetime) -> Inbox:
    """Mail that arrived before `since` is not looked at any more: what it was decided to be, it stays.

    Raises ValidationError with the codes `not_syncing` or `not_caught_up`.
    """
    if not former.is_syncing:
        raise ValidationError(
            _("The inbox has to be working for this: resume or reconnect it first."), code="not_syncing"
        )
    if (
        former.status != InboxStatus.ACTIVE
        or former.in_outage
        or former.backfill_done_at is None
        or _is_read_now(former)
    ):
        raise not_caught_up()
    shut_workers_out(former)
    mailbox_left.send(sender=Inbox, inbox=former)
    successor = Inbox(
        kind=kind,
        provider=former.provider,
        owner=owner,
        connected_by=by,
        address=former.address,
        aliases=former.aliases,
        status=InboxStatus.ACTIVE,
        history_since=since,
    )
    move(former, Event.DISABLED, by=by, cause=BEING_DELETED, now=now)
    move(former, Event.REMOVED, by=by, now=now)
    successor.save(force_insert=True)
    former.aliases, former.became = [], successor
    former.save(update_fields=["aliases", "became"])
    Credential.objects.filter(inbox=former).update(inbox=successor)
    MailServer.objects.filter(inbox=former).update(inbox=successor)
    former.push_subscriptions.all().delete()
    SignIn.objects.filter(inbox=former).delete()
    Removal.objects.create(inbox=former, by=by, erases=False, held=mails_of(former, logged=False).count(), begun_at=now)
    record(by=by, action="inbox.handed_over", target=former, details={"to": successor.pk})
    send_on_commit(inbox_removed, inbox_id=former.pk)
    want_sync(successor, now)
    return successor


def _is_read_now(inbox: Inbox) -> bool:
    return inbox.lease_expires_at is not None and inbox.lease_expires_at > timezone.now()
