"""From the invitation to the first page, and every link that no longer opens anything."""

import re
from datetime import timedelta

import pytest
import time_machine
from celery import Task
from django.contrib.auth import get_user
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from notifications.models import Notification
from tests.factories.users import InvitationFactory, UserFactory
from tests.fakes.threads import just_before
from users import actions
from users.errors import AddressTaken, AlreadyInvited, InvitationClosed
from users.invitation_mail import deliver
from users.models import Invitation, Role, User, hash_of_token

PASSWORD = "four quiet green words"


def send(admin: User, **changes) -> tuple[Invitation, str]:
    """An invitation and the path of its link, as the e-mail carries it."""
    given = {"email": "hana@kita.example", "role": Role.MEMBER, "account_access": True, "language": "en"} | changes
    invitation = actions.invite(by=admin, **given)
    return invitation, deliver_and_read(invitation)


def deliver_and_read(invitation: Invitation) -> str:
    deliver(invitation_id=invitation.pk)
    return re.search(r"https?://[^/]+(/join/\S+)", mail.outbox[-1].body)[1]


def join(client: Client, path: str, **changes):
    return client.post(path, {"name": "Hana", "password": PASSWORD, "time_zone": "Asia/Tokyo"} | changes)


def test_an_invitation_is_sent_after_commit_by_its_id(
    admin: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks
):
    queued = []
    monkeypatch.setattr(Task, "apply_async", lambda _, args, kwargs: queued.append((args, kwargs)))
    with django_capture_on_commit_callbacks(execute=True):
        invitation = actions.invite(
            email="Hana@Kita.example", role=Role.MEMBER, account_access=False, language="ja", by=admin
        )
        assert queued == []
    assert queued == [((), {"invitation_id": invitation.pk})]
    assert (invitation.email, invitation.token_hash) == ("hana@kita.example", None)


def test_the_e_mail_is_in_the_language_of_the_invited(admin: User):
    send(admin, language="ja")
    assert mail.outbox[0].to == ["hana@kita.example"]
    assert "招待" in mail.outbox[0].subject
    assert mail.outbox[0].alternatives[0].mimetype == "text/html"


def test_the_e_mail_goes_out_once(admin: User):
    invitation, _ = send(admin)
    deliver(invitation_id=invitation.pk)
    assert len(mail.outbox) == 1


def test_only_a_hash_of_the_link_is_stored(admin: User):
    invitation, path = send(admin)
    invitation.refresh_from_db()
    token = path.split("/")[2]
    assert invitation.token_hash == hash_of_token(token)
    assert token not in str(list(Invitation.objects.values()) + list(AuditEvent.objects.values()))


def test_the_invited_person_joins_and_is_signed_in(admin: User, client: Client, django_capture_on_commit_callbacks):
    _, path = send(admin, role=Role.SUPER_ADMIN)
    assert "hana@kita.example" in client.get(path).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        response = join(client, path)
    person = User.objects.get(email="hana@kita.example")
    assert (response.status_code, response.url, get_user(client)) == (302, reverse("home"), person)
    assert (person.name, person.role, person.account_access, person.time_zone) == (
        "Hana",
        Role.SUPER_ADMIN,
        True,
        "Asia/Tokyo",
    )
    assert person.check_password(PASSWORD)
    told = Notification.objects.get(recipient=admin)
    assert (told.kind, told.notice.title) == ("invitation_accepted", "Hana joined the workspace")
    audited = list(AuditEvent.objects.order_by("id").values_list("action", flat=True))
    assert audited == ["invitation.sent", "person.created", "invitation.accepted", "person.signed_in"]


def test_the_page_speaks_the_invitations_language_until_the_visitor_chooses(admin: User, client: Client):
    _, path = send(admin, language="ja")
    assert '<html lang="ja"' in client.get(path).content.decode()
    client.post(reverse("set_language"), {"language": "en"})
    assert '<html lang="en"' in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("field", "value"), [("name", ""), ("password", "short"), ("password", "password123"), ("time_zone", "Mars/Base")]
)
def test_a_bad_field_is_named_and_the_invitation_stays_open(admin: User, client: Client, field: str, value: str):
    invitation, path = send(admin)
    response = join(client, path, **{field: value})
    invitation.refresh_from_db()
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert (invitation.status, User.objects.count()) == ("pending", 1)


def test_a_used_link_says_so_and_leads_to_the_sign_in(admin: User, client: Client):
    _, path = send(admin)
    join(Client(), path)
    for response in (client.get(path), join(client, path, name="Mallory")):
        assert (response.status_code, response.context["reason"]) == (410, "accepted")
        assert reverse("account_login") in response.content.decode()
    assert not User.objects.filter(name="Mallory").exists()


def test_an_expired_link_names_who_can_send_it_again(admin: User, client: Client):
    with time_machine.travel(timezone.now() - timedelta(days=7, seconds=1)):
        _, path = send(admin)
    response = join(client, path)
    assert (response.status_code, response.context["reason"]) == (410, "expired")
    assert "Ask Ada Admin to send it again" in response.content.decode()


def test_a_withdrawn_link_opens_nothing(admin: User, admin_client: Client, client: Client):
    invitation, path = send(admin)
    admin_client.post(reverse("users:invitation-withdraw", args=[invitation.code]))
    response = join(client, path)
    assert (response.status_code, response.context["reason"]) == (410, "withdrawn")
    assert User.objects.count() == 1


def test_a_made_up_link_is_not_an_invitation(client: Client, db: None):
    InvitationFactory()
    response = client.get(reverse("users:join", args=["made-up"]))
    assert (response.status_code, response.context["reason"]) == (404, "unknown")


def test_sending_again_replaces_the_link_and_gives_seven_more_days(admin: User, admin_client: Client, client: Client):
    with time_machine.travel(timezone.now() - timedelta(days=8)):
        invitation, old = send(admin)
    admin_client.post(reverse("users:invitation-resend", args=[invitation.code]))
    new = deliver_and_read(invitation)
    assert client.get(old).status_code == 404
    assert join(client, new).url == reverse("home")


def test_an_invitation_that_is_closed_cannot_be_sent_again(admin: User):
    invitation, _ = send(admin)
    actions.withdraw_invitation(invitation=invitation, by=admin)
    with pytest.raises(InvitationClosed):
        actions.resend_invitation(invitation=invitation, by=admin)


def test_somebody_signed_in_is_asked_to_sign_out_first(admin: User, alice_client: Client):
    _, path = send(admin)
    response = join(alice_client, path)
    assert (response.status_code, response.context["reason"]) == (200, "signed_in")
    assert not User.objects.filter(email="hana@kita.example").exists()


def test_a_colleague_is_not_invited_again(admin: User, alice: User):
    with pytest.raises(AddressTaken):
        send(admin, email=alice.email.upper())


def test_an_e_mail_that_does_not_leave_is_shown_as_trouble(admin: User, admin_client: Client):
    with time_machine.travel(timezone.now() - timedelta(minutes=11)):
        actions.invite(email="hana@kita.example", role=Role.MEMBER, account_access=False, language="en", by=admin)
    assert "E-mail not sent" in admin_client.get(reverse("users:people")).content.decode()
    deliver(invitation_id=Invitation.objects.get().pk)
    assert "E-mail not sent" not in admin_client.get(reverse("users:people")).content.decode()


def test_an_address_is_invited_once_at_a_time(admin: User):
    invitation, _ = send(admin)
    with pytest.raises(AlreadyInvited):
        send(admin)
    actions.withdraw_invitation(invitation=invitation, by=admin)
    send(admin)


def test_the_form_invites_and_says_where_the_e_mail_goes(admin: User, admin_client: Client):
    data = {"email": "hana@kita.example", "role": "member", "language": "ja"}
    response = admin_client.post(reverse("users:invite"), data, follow=True)
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.language, invitation.invited_by) == ("hana@kita.example", "ja", admin)
    assert "The invitation is on its way to hana@kita.example." in response.content.decode()


def test_the_form_takes_an_address_whatever_its_case(admin_client: Client, alice: User):
    for email in ("Hana@Kita.example", "HANA@kita.example", alice.email.upper()):
        response = admin_client.post(reverse("users:invite"), {"email": email, "role": "member", "language": "ja"})
        assert response.status_code == 302 or list(response.context["form"].errors) == ["email"]
    assert list(Invitation.objects.values_list("email", flat=True)) == ["hana@kita.example"]


def test_the_form_says_why_an_address_cannot_be_invited(admin_client: Client, alice: User):
    response = admin_client.post(reverse("users:invite"), {"email": alice.email, "role": "member", "language": "en"})
    assert response.context["form"].errors["email"] == [
        "Somebody with this e-mail address is already in the workspace."
    ]
    assert not Invitation.objects.exists()


def test_open_invitations_of_a_person_who_is_deactivated_are_withdrawn(admin: User):
    """A super admin who has to go could have invited an address of their own."""
    other_admin = UserFactory(super_admin=True)
    by_who_goes = InvitationFactory(invited_by=admin)
    accepted = InvitationFactory(invited_by=admin, accepted_at=timezone.now())
    by_another = InvitationFactory(invited_by=other_admin)

    actions.deactivate_person(person=admin, by=other_admin)

    for invitation in (by_who_goes, accepted, by_another):
        invitation.refresh_from_db()
    assert [by_who_goes.status, accepted.status, by_another.status] == ["withdrawn", "accepted", "pending"]
    assert AuditEvent.objects.get(action="invitation.withdrawn").actor_id == other_admin.pk


@pytest.mark.django_db(transaction=True)
def test_an_address_that_two_super_admins_invite_at_once_is_invited_once(admin: User, admin_client: Client):
    def invite_too():
        actions.invite(email="hana@kita.example", role=Role.MEMBER, account_access=False, language="en", by=admin)

    with just_before('INSERT INTO "users_invitation"', invite_too):
        page = admin_client.post(
            reverse("users:invite"), {"email": "hana@kita.example", "role": "member", "language": "en"}
        )

    assert (page.status_code, page.context["form"].errors) == (422, {"email": AlreadyInvited().messages})
    assert Invitation.objects.count() == 1


@pytest.mark.parametrize(
    ("kept", "given", "opens"),
    [
        ({"account_access": True}, {"role": Role.SUPER_ADMIN}, False),
        ({"account_access": False}, {"account_access": True}, False),
        ({"account_access": True}, {"account_access": True}, True),
        ({"account_access": False}, {"account_access": False}, True),
    ],
)
def test_what_people_no_longer_hold_no_invitation_of_theirs_gives(admin: User, client: Client, kept, given, opens):
    former = UserFactory(name="Frida Former", super_admin=True)
    _, theirs = send(former, **given)
    _, of_another = send(admin, email="yuki@kita.example", role=Role.SUPER_ADMIN)

    actions.change_role(person=former, role=Role.MEMBER, by=admin, **kept)

    assert client.get(of_another).status_code == 200
    assert client.get(theirs).status_code == (200 if opens else 410)
    assert join(client, theirs).status_code == (302 if opens else 410)
    assert User.objects.filter(email="hana@kita.example").exists() == opens
