"""What ends on a day that is known is said before, once per step, to those who can do something about it."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from crm_project.doctor import clients
from crm_project.environment import Environment, ImproperlyConfigured
from inboxes import expiry, tasks
from inboxes.models import Credential, CredentialKind, Inbox, InboxKind
from inboxes.oauth.clients import google as google_client
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.keeping import keep_grant, keep_password
from inboxes.oauth.scopes import GMAIL_READ
from inboxes.oauth.tokens import InboxToken
from notifications.models import Notification
from tests.factories.grants import grant_of, granted_inbox
from tests.factories.inboxes import NOW
from tests.factories.users import UserFactory
from tests.people import signed_in

pytestmark = pytest.mark.django_db

ENDS = NOW + timedelta(days=7)
YUKI = "yuki@minato.example"
GRANT = Grant("the-access-token", "the-refresh-token", NOW + timedelta(hours=1), GMAIL_READ, ends_at=ENDS)


@pytest.fixture
def inbox(alice):
    inbox = granted_inbox(alice, CredentialKind.GOOGLE, GRANT)
    Credential.objects.update(expires_at=ENDS)
    return inbox


def told():
    return list(Notification.objects.order_by("pk").values_list("recipient__name", "kind"))


def days(count):
    return ENDS - timedelta(days=count)


def test_an_owner_is_warned_three_days_and_one_day_before_the_access_ends(inbox, admin):
    warned = [expiry.warn(now=days(left)) for left in (7, 4, 3, 2.5, 2, 1, 0.5, 0, -1)]
    assert warned == [0, 0, 1, 0, 0, 1, 0, 0, 0]
    assert told() == [("Alice Mori", "inbox_access_ends")] * 2


def test_of_a_team_inbox_those_are_warned_who_can_sign_in_again(inbox, admin, alice):
    UserFactory(name="Member")
    holder = UserFactory(name="Holder", account_access=True)
    Inbox.objects.update(kind=InboxKind.TEAM, name="Desk")
    assert expiry.warn(now=days(0.5)) == 3  # the last step alone
    people = {"Ada Admin", "Alice Mori", holder.name}
    assert set(told()) == {(name, "team_inbox_access_ends") for name in people}
    with translation.override("ja"):
        notice = Notification.objects.first().notice
    assert "チームのEメール「Desk (yuki@minato.example)」へのアクセスの期限は" in notice.title


@pytest.mark.parametrize("status", ["needs_reconnect", "disabled"])
def test_nobody_is_warned_of_what_is_over_already(inbox, status):
    Inbox.objects.update(status=status)
    assert expiry.warn(now=days(1)) == 0


def test_signing_in_again_ends_the_warnings(inbox):
    expiry.warn(now=days(3))
    account = Account(YUKI, YUKI)
    renewed = replace(GRANT, ends_at=ENDS + timedelta(days=7))
    keep_grant(inbox=inbox, kind=CredentialKind.GOOGLE, account=account, grant=renewed, shared=False)
    assert expiry.warn(now=days(1)) == 0
    keep_grant(
        inbox=inbox, kind=CredentialKind.GOOGLE, account=account, grant=replace(GRANT, ends_at=None), shared=False
    )
    assert Credential.objects.get().expires_at is None


def test_a_grant_that_keeps_the_refresh_token_keeps_its_end_and_a_password_has_none(inbox):
    second = replace(GRANT, refresh_token="", ends_at=None)
    keep_grant(inbox=inbox, kind=CredentialKind.GOOGLE, account=Account(YUKI, YUKI), grant=second, shared=False)
    assert Credential.objects.get().expires_at == ENDS
    keep_password(inbox=inbox, password="another one")
    assert Credential.objects.get().expires_at is None


@pytest.mark.django_db(transaction=True)
def test_what_google_says_of_the_end_is_kept_however_often_the_token_is_renewed(alice, google):
    google.client.is_testing = True
    now = google.clock.now()
    tokens = google.grant(YUKI)
    first = google_client(lambda: now)._grant(tokens, asked=GMAIL_READ)
    assert first.ends_at == now + timedelta(seconds=604_799)
    assert Grant.from_secret(first.to_secret()) == first
    assert Grant.from_secret(grant_of(tokens, now=now).to_secret()).ends_at is None
    inbox = granted_inbox(alice, CredentialKind.GOOGLE, replace(first, expires_at=now))
    InboxToken(inbox.pk, now=google.clock.now).get()
    assert Credential.objects.get().expires_at == first.ends_at


def test_the_page_of_the_inbox_and_the_one_to_sign_in_again_say_when(inbox, alice, settings):
    settings.GOOGLE_CLIENT_ID = "client"
    client = signed_in(alice)
    pages = [reverse(f"inboxes:{name}", args=[inbox.code]) for name in ("inbox", "reconnect")]
    with time_machine.travel(days(4), tick=False):
        client.force_login(alice)
        assert ["The access ends on" in client.get(page).content.decode() for page in pages] == [False, True]
    with time_machine.travel(days(2), tick=False):
        assert ["The access ends on" in client.get(page).content.decode() for page in pages] == [True, True]
        step = client.get(reverse("inboxes:next-step", args=[inbox.code]))
    assert step.url == pages[1]


def test_the_command_says_when(inbox):
    out = StringIO()
    call_command("inbox", "status", YUKI, "--json", stdout=out)
    assert json.loads(out.getvalue())["access_ends_at"] == ENDS.isoformat().replace("+00:00", "Z")


def test_super_admins_are_warned_before_a_secret_of_the_installation_ends(admin, alice, settings):
    settings.MICROSOFT_CLIENT_SECRET_EXPIRES_ON = date(2026, 6, 30)
    noon = datetime(2026, 6, 30, 12, tzinfo=UTC)
    warned = [expiry.warn(now=noon - timedelta(days=left)) for left in (31, 30, 29, 8, 7, 6, 2, 1, 0, -1)]
    assert warned == [0, 1, 0, 0, 1, 0, 0, 1, 0, 0]
    assert told() == [("Ada Admin", "client_secret_ends")] * 3
    notice = Notification.objects.first()
    assert notice.notice.title == "The client secret at Microsoft expires on June 30, 2026"
    assert signed_in(admin).get(notice.url).status_code == 200


def test_the_daily_task_warns_once(inbox):
    with time_machine.travel(days(1), tick=False):
        tasks.warn_of_expiries()
        tasks.warn_of_expiries()
    assert len(told()) == 1


@pytest.mark.parametrize(("left", "state"), [(None, None), (-1, "wrong"), (0, "warning"), (30, "warning"), (31, "ok")])
def test_the_doctor_says_how_long_a_secret_lasts(settings, left, state):
    today = date(2026, 6, 30)
    settings.GOOGLE_CLIENT_SECRET_EXPIRES_ON = None if left is None else today + timedelta(days=left)
    finding = clients.secret(CredentialKind.GOOGLE, today=today, guide="See docs/google.md")
    assert (finding and finding.state) == state


def test_a_setting_that_is_no_day_is_named(monkeypatch):
    monkeypatch.setenv("GOOGLE_CLIENT_SECRET_EXPIRES_ON", "soon")
    env = Environment()
    env.day("GOOGLE_CLIENT_SECRET_EXPIRES_ON", "")
    with pytest.raises(ImproperlyConfigured, match="It must be a day, as 2027-03-31"):
        env.seal()
