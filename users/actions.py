"""Every change to people, invitations and the workspace. `by` is the acting person, None the system (a command)."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.password_validation import validate_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from users import signals
from users.domains import normalise_domain
from users.errors import (
    AddressTaken,
    AlreadyInvited,
    InvitationClosed,
    LastSuperAdmin,
    OwnDeactivation,
)
from users.models import (
    Invitation,
    Role,
    User,
    Workspace,
    WorkspaceDomain,
    invitation_expiry,
)
from users.tasks import send_invitation


def _tell_audit(action: str, target: models.Model, *, by: User | None, **details: Any) -> None:
    signals.security_event.send(sender=type(target), by=by, action=action, target=target, details=details)


@transaction.atomic
def create_person(
    *,
    email: str,
    name: str,
    password: str,
    role: str = Role.MEMBER,
    account_access: bool = False,
    language: str = "en",
    time_zone: str = "UTC",
    by: User | None,
) -> User:
    """Raises ValidationError for a bad field, a weak password or an address already here."""
    person = User(
        email=email.strip().lower(),
        name=name.strip(),
        role=role,
        account_access=account_access,
        language=language,
        time_zone=time_zone,
    )
    if User.objects.filter(email=person.email).exists():
        raise AddressTaken
    validate_password(password, person)
    person.set_password(password)
    person.full_clean()
    person.save()
    _tell_audit("person.created", person, by=by, role=role, account_access=account_access)
    return person


@transaction.atomic
def edit_profile(*, person: User, name: str, language: str, time_zone: str, theme: str, by: User | None) -> None:
    person.name, person.language, person.time_zone, person.theme = name.strip(), language, time_zone, theme
    person.full_clean(exclude=["password"])
    person.save(update_fields=["name", "language", "time_zone", "theme"])
    _tell_audit("person.profile_edited", person, by=by)


@transaction.atomic
def change_role(*, person: User, role: str, account_access: bool, by: User | None) -> None:
    """Nothing happens when nothing changes. Their open invitations to more than they hold by now are withdrawn. Raises LastSuperAdmin."""
    if role != Role.SUPER_ADMIN:
        _keep_a_super_admin_besides(person)
    person = User.objects.select_for_update().get(pk=person.pk)
    before = {"role": person.role, "account_access": person.account_access}
    after = {"role": role, "account_access": account_access}
    if before == after:
        return
    person.role, person.account_access = role, account_access
    person.full_clean(exclude=["password"])
    person.save(update_fields=["role", "account_access"])
    _tell_audit("person.role_changed", person, by=by, before=before, after=after)
    _withdraw_invitations_beyond(person, by=by)
    signals.send_on_commit(signals.role_changed, user_id=person.pk, by_id=by and by.pk)


@transaction.atomic
def deactivate_person(*, person: User, by: User | None) -> bool:
    """Ends the person's access at once, open sessions included; what they wrote and logged stays. Raises LastSuperAdmin.

    Their open invitations are withdrawn. Returns False if that had happened before.
    """
    if by == person:
        raise OwnDeactivation
    _keep_a_super_admin_besides(person)
    if not User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
        return False
    person.is_active = False
    _end_sessions(person)
    _tell_audit("person.deactivated", person, by=by)
    _withdraw_invitations_beyond(person, by=by)
    signals.send_on_commit(signals.person_deactivated, user_id=person.pk, by_id=by and by.pk)
    return True


def _end_sessions(person: User) -> None:
    """For good: whoever holds one would be in again as soon as the person is. Only a session itself says whose it is."""
    alive = Session.objects.filter(expire_date__gt=timezone.now())
    own = [session.pk for session in alive.iterator() if session.get_decoded().get(SESSION_KEY) == str(person.pk)]
    Session.objects.filter(pk__in=own).delete()


@transaction.atomic
def reactivate_person(*, person: User, by: User | None) -> None:
    if not User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
        return
    person.is_active = True
    _tell_audit("person.reactivated", person, by=by)


def _keep_a_super_admin_besides(person: User) -> None:
    """Locks all super admins, before any other row, so that two of them cannot remove each other at the same moment."""
    keys = set(User.objects.super_admins().order_by("pk").select_for_update().values_list("pk", flat=True))
    if keys == {person.pk}:
        raise LastSuperAdmin


@transaction.atomic
def invite(*, email: str, role: str, account_access: bool, language: str, by: User) -> Invitation:
    """Raises AddressTaken, AlreadyInvited, ValidationError. The e-mail is sent on commit, in `language`."""
    email = email.strip().lower()
    validate_email(email)
    if User.objects.filter(email=email).exists():
        raise AddressTaken
    if Invitation.objects.open().filter(email=email).exists():
        raise AlreadyInvited
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                email=email, role=role, account_access=account_access, language=language, invited_by=by
            )
    except IntegrityError as error:  # somebody else invited them at the same moment
        raise AlreadyInvited from error
    _tell_audit("invitation.sent", invitation, by=by, role=role, account_access=account_access)
    _send_on_commit(invitation)
    return invitation


@transaction.atomic
def resend_invitation(*, invitation: Invitation, by: User) -> None:
    """Starts a new period and replaces the link: the old one stops working when the new e-mail goes out."""
    _lock_open(invitation)
    invitation.expires_at = invitation_expiry()
    invitation.e_mailed_at = None
    invitation.save(update_fields=["expires_at", "e_mailed_at"])
    _tell_audit("invitation.resent", invitation, by=by)
    _send_on_commit(invitation)


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: User | None) -> None:
    _lock_open(invitation)
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    _tell_audit("invitation.withdrawn", invitation, by=by)


def _withdraw_invitations_beyond(person: User, *, by: User | None) -> None:
    """Of those they sent: one could lead to an address of their own."""
    sent = Invitation.objects.open().filter(invited_by=person).giving_more_than(person)
    for invitation in sent.order_by("pk").select_for_update():
        withdraw_invitation(invitation=invitation, by=by)


def _lock_open(invitation: Invitation) -> None:
    if not Invitation.objects.open().select_for_update().filter(pk=invitation.pk).exists():
        raise InvitationClosed


def _send_on_commit(invitation: Invitation) -> None:
    """Robust: without a broker the list of people soon says that the e-mail is late."""
    transaction.on_commit(lambda: send_invitation.delay(invitation_id=invitation.pk), robust=True)


@transaction.atomic
def accept_invitation(*, token: str, name: str, password: str, time_zone: str = "UTC") -> User:
    """The invited person joins. Raises InvitationClosed, AddressTaken, ValidationError; the token works once."""
    invitation = Invitation.objects.open().with_token(token).select_for_update().first()
    if invitation is None or invitation.expires_at <= timezone.now():
        raise InvitationClosed
    person = create_person(
        email=invitation.email,
        name=name,
        password=password,
        role=invitation.role,
        account_access=invitation.account_access,
        language=invitation.language,
        time_zone=time_zone,
        by=None,
    )
    invitation.accepted_at = timezone.now()
    invitation.save(update_fields=["accepted_at"])
    _tell_audit("invitation.accepted", invitation, by=person, person=person.pk)
    signals.send_on_commit(signals.invitation_accepted, invitation_id=invitation.pk)
    return person


@transaction.atomic
def rename_workspace(*, name: str, by: User | None) -> None:
    workspace = Workspace.objects.current()
    workspace.name = name.strip()
    workspace.full_clean()
    workspace.save(update_fields=["name"])
    _tell_audit("workspace.renamed", workspace, by=by)


@transaction.atomic
def add_workspace_domain(*, domain: str, by: User | None) -> WorkspaceDomain:
    """Raises ValidationError for what is no domain, is already listed, or must never count as colleagues (free mail)."""
    name = normalise_domain(domain)
    added, is_new = WorkspaceDomain.objects.get_or_create(domain=name)
    if not is_new:
        raise ValidationError(_("%(domain)s is already on the list.") % {"domain": name}, code="domain_listed")
    _tell_audit("workspace.domain_added", added, by=by, domain=name)
    return added


@transaction.atomic
def remove_workspace_domain(*, domain: WorkspaceDomain, by: User | None) -> None:
    _tell_audit("workspace.domain_removed", domain, by=by, domain=domain.domain)
    domain.delete()
