"""An alias or a group address at Google as a team inbox: who is let in, with which account, and what may become of it."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.urls import reverse
from django.utils import timezone

from inboxes import actions
from inboxes.actions.servers import ConnectionDetails, ServerLogin
from inboxes.models import (
    Inbox,
    InboxKind,
    InboxStatus,
    ProviderKind,
    PushSubscription,
    Revocation,
    RevocationState,
    Security,
    SignIn,
    WithdrawnGrant,
)
from inboxes.oauth.grants import Account, Grant
from inboxes.oauth.keeping import give_back_grants
from inboxes.oauth.scopes import GMAIL_READ, GRAPH_READ
from inboxes.oauth_flows import Errand
from inboxes.providers.gmail.announcements import Announcement
from inboxes.push.announcers import open_announcer
from inboxes.push.receiving import hear_google
from tests.factories.inboxes import mail_bytes
from tests.factories.users import UserFactory
from tests.fakes.google import consent
from tests.inboxes.test_connect_commands import connect as connect_by_command
from tests.people import signed_in
from users.models import User

pytestmark = pytest.mark.django_db
YUKI, HARUKA, SUPPORT = "yuki@minato.example", "haruka@minato.example", "support@minato.example"
PAGE = reverse("inboxes:oauth", args=["google"])
ALIAS = {"kind": "team", "way": "shared"}
ACCOUNT = Account(id=YUKI, address=YUKI, aliases=(SUPPORT,))


@pytest.fixture(autouse=True)
def at_google(google):
    cache.clear()
    google.client.redirect_uris.append("http://testserver/inboxes/oauth/google/callback")
    for address in (YUKI, HARUKA):
        google.mailbox(address)
    return google


@pytest.fixture
def holder() -> User:
    return UserFactory(name="Hana Holder", account_access=True)


@pytest.fixture
def client(holder):
    return signed_in(holder)


def grant_of(scopes=GMAIL_READ) -> Grant:
    return Grant("a", "r", timezone.now() + timedelta(hours=1), tuple(scopes))


def connect(by: User, *, address: str = SUPPORT, **options) -> Inbox:
    given = {"kind": ProviderKind.GMAIL, "account": ACCOUNT, "grant": grant_of(), "history_since": None, "by": by}
    return actions.connect_api_inbox(**given | {"shared_mailbox": address, "inbox_kind": InboxKind.TEAM} | options)


def started(inbox: Inbox, **fields) -> Inbox:
    Inbox.objects.filter(pk=inbox.pk).update(status=InboxStatus.ACTIVE, **fields)
    inbox.refresh_from_db()
    return inbox


def sign_in(client, account: str = YUKI, *, address: str = SUPPORT):
    """There and back; the page that it ends on."""
    url = client.post(PAGE, {"address": address}, query_params=ALIAS)["Location"]
    return client.get(consent(url, account).partition("testserver")[2])


def stopped(client, answer) -> str:
    page = client.get(answer["Location"])
    assert SUPPORT in page.content.decode()
    return page.context["stop"].cause


class TestConnecting:
    def test_it_is_offered_for_teams_only(self, client):
        team = client.get(PAGE, query_params={"kind": "team"}).content.decode()
        own = client.get(PAGE, query_params={"kind": "personal"}).content.decode()

        assert ("An alias or a group" in team, "An alias or a group" in own) == (True, False)
        assert 'href="?kind=team&amp;way=shared"' in team
        assert client.get(PAGE, query_params={"way": "shared"}).status_code == 404
        assert client.post(PAGE, {"address": SUPPORT}, query_params={"way": "shared"}).status_code == 404
        assert not SignIn.objects.exists()

    def test_the_page_says_what_becomes_the_teams(self, client):
        page = client.get(PAGE, query_params=ALIAS).content.decode()

        assert "Everything else in the mailbox stays its owner’s" in page
        assert "Google knows no smaller access" in page
        assert "Members read all of it, logged or not" in page
        assert "Do not connect a mailbox that private mail arrives in" not in page

    def test_an_address_that_the_account_writes_as_is_connected(self, client, at_google):
        at_google.mailbox(YUKI).add_alias(SUPPORT)

        answer = sign_in(client)

        inbox = Inbox.objects.get()
        assert answer["Location"] == reverse("inboxes:logging", args=[inbox.code])
        assert (inbox.address, inbox.kind, inbox.aliases, inbox.credential.signed_in_as) == (SUPPORT, "team", [], YUKI)

    @pytest.mark.parametrize("headers", [{"to": SUPPORT}, {"List_Id": "<support.minato.example>"}])
    def test_so_is_one_whose_mail_arrives(self, client, at_google, headers):
        at_google.mailbox(YUKI).deliver(mail_bytes(**{"to": YUKI} | headers))

        sign_in(client)

        assert Inbox.objects.get().address == SUPPORT

    def test_one_that_nothing_is_known_of_is_refused_and_the_access_given_back(self, client, at_google):
        at_google.mailbox(YUKI).deliver(mail_bytes(to="it-support@minato.example"))

        assert stopped(client, sign_in(client)) == "address_not_found"
        assert (Inbox.objects.count(), WithdrawnGrant.objects.get().account_id) == (0, YUKI)

    def test_the_account_itself_is_no_alias(self, client):
        answer = sign_in(client, address=YUKI)

        assert client.get(answer["Location"]).context["stop"].cause == "account_is_no_alias"
        assert not Inbox.objects.exists()

    def test_no_person_gets_one_as_their_own(self, holder):
        with pytest.raises(ValidationError) as refusal:
            connect(holder, inbox_kind=InboxKind.PERSONAL)
        assert refusal.value.code == "alias_of_team_only"

    def test_the_account_is_an_inbox_of_its_own_beside_it(self, holder):
        own = {"shared_mailbox": "", "inbox_kind": InboxKind.PERSONAL}
        team, personal = connect(holder), connect(holder, **own)
        assert (team.address, personal.address, personal.aliases) == (SUPPORT, YUKI, [])

    def test_one_that_was_there_before_gives_its_alias_away(self, client, holder, at_google):
        at_google.mailbox(YUKI).add_alias(SUPPORT)
        personal = connect(holder, shared_mailbox="", inbox_kind=InboxKind.PERSONAL)
        assert personal.aliases == [SUPPORT]

        sign_in(client)

        personal.refresh_from_db()
        assert (personal.aliases, Inbox.objects.filter(address=SUPPORT).count()) == ([], 1)

    def test_the_alias_of_another_account_stays_where_it_is(self, client, holder, at_google):
        at_google.mailbox(YUKI).add_alias(SUPPORT)
        other = Account(id=HARUKA, address=HARUKA, aliases=(SUPPORT,))
        personal = connect(holder, account=other, shared_mailbox="", inbox_kind=InboxKind.PERSONAL)

        assert stopped(client, sign_in(client)) == "connected_by_you"
        personal.refresh_from_db()
        assert personal.aliases == [SUPPORT]

    def test_by_command(self, holder, at_google):
        token = at_google.grant(YUKI)["refresh_token"]
        team = ("--shared", "--team", "--name", "Support")
        with pytest.raises(CommandError, match="No mail of this address"):
            connect_by_command("google", holder, token, *team, address=SUPPORT)
        with pytest.raises(CommandError, match="This is the account itself"):
            connect_by_command("google", holder, token, *team, address=YUKI)
        at_google.mailbox(YUKI).deliver(mail_bytes(to=SUPPORT))
        with pytest.raises(CommandError, match="connected as a team inbox"):
            connect_by_command("google", holder, token, "--shared", address=SUPPORT)

        answer = connect_by_command("google", holder, token, *team, address=SUPPORT)

        assert (answer["address"], Inbox.objects.get().credential.signed_in_as) == (SUPPORT, YUKI)


class TestReconnecting:
    @pytest.fixture
    def inbox(self, holder, at_google):
        for address in (YUKI, HARUKA):
            at_google.mailbox(address).add_alias(SUPPORT)
        return started(connect(holder))

    def again(self, client, inbox, account: str):
        url = client.post(reverse("inboxes:reconnect", args=[inbox.code]))["Location"]
        return client.get(consent(url, account).partition("testserver")[2])

    def test_the_account_of_before_is_asked_for(self, client, inbox):
        Inbox.objects.update(status=InboxStatus.NEEDS_RECONNECT)
        page = client.get(reverse("inboxes:reconnect", args=[inbox.code])).content.decode()
        assert f"Choose the account of {YUKI}" in page

        assert stopped(client, self.again(client, inbox, HARUKA)) == "other_account_of_alias"
        self.again(client, inbox, YUKI)

        inbox.refresh_from_db()
        assert (inbox.status, inbox.credential.signed_in_as, inbox.aliases) == ("degraded", YUKI, [])

    def test_no_other_account_gets_in_past_the_pages(self, inbox, holder):
        other = Account(id=HARUKA, address=HARUKA, aliases=(SUPPORT,))
        named = Account(id=SUPPORT, address=SUPPORT)
        for account in (other, named):
            with pytest.raises(ValidationError) as refusal:
                actions.reconnect_api_inbox(inbox=inbox, account=account, grant=grant_of(), by=holder)
            assert refusal.value.code == "other_account_of_alias"
        inbox.credential.refresh_from_db()
        assert inbox.credential.signed_in_as == YUKI

    def test_when_its_owner_has_left_it_is_still_that_account(self, inbox, holder, client):
        actions.hand_over(inbox=inbox, to=UserFactory(account_access=True), by=holder)
        inbox = Inbox.objects.get()

        errand = Errand.to_reconnect(inbox)
        assert (errand.is_alias, errand.hint) == (True, YUKI)
        assert stopped(client, self.again(client, inbox, HARUKA)) == "other_account_of_alias"
        self.again(client, inbox, YUKI)
        assert Inbox.objects.get().credential.signed_in_as == YUKI


class TestChanging:
    @pytest.fixture
    def inbox(self, holder):
        return started(connect(holder))

    def test_it_becomes_nobodys_own(self, inbox, holder, client):
        with pytest.raises(ValidationError) as refusal:
            actions.convert_to_personal(inbox=inbox, by=holder)
        assert refusal.value.code == "part_of_mailbox"
        for ask in (client.get, client.post):
            answer = ask(reverse("inboxes:convert", args=[inbox.code]), {"agreed": "1"}, follow=True)
            assert "either would open the whole mailbox" in answer.content.decode()
        inbox.refresh_from_db()
        assert (inbox.kind, inbox.removed_at) == ("team", None)

    def test_it_is_read_through_no_other_provider(self, inbox, holder, client):
        details = ConnectionDetails(SUPPORT, ServerLogin("mail.minato.example", 993, Security.TLS, SUPPORT), "secret")
        Inbox.objects.update(status=InboxStatus.DISABLED)
        account, grant = Account(id="1", address=SUPPORT), grant_of(GRAPH_READ)
        with pytest.raises(ValidationError) as to_graph:
            actions.switch_to_api(inbox=inbox, provider=ProviderKind.GRAPH, account=account, grant=grant, by=holder)
        with pytest.raises(ValidationError) as to_imap:
            actions.switch_to_imap(inbox=inbox, details=details, by=holder)
        assert (to_graph.value.code, to_imap.value.code) == ("part_of_mailbox", "part_of_mailbox")
        for name in ("inboxes:switch", "inboxes:switch-server"):
            answer = client.get(reverse(name, args=[inbox.code]), follow=True)
            assert "either would open the whole mailbox" in answer.content.decode()

    def test_signing_in_at_microsoft_as_its_address_changes_nothing(self, inbox, client, microsoft, settings):
        for name, value in microsoft.environment().items():
            setattr(settings, name, value)
        microsoft.mailbox(SUPPORT)
        page = reverse("inboxes:oauth", args=["microsoft"])
        url = client.post(page, {"address": ""}, query_params={"kind": "team"})["Location"]

        answer = client.get(reverse("inboxes:oauth-callback", args=["microsoft"]), microsoft.consent(url, SUPPORT))

        assert stopped(client, answer) == "part_of_mailbox"
        assert Inbox.objects.get().provider == "gmail"


class TestEnding:
    @pytest.mark.parametrize(("beside", "state"), [(True, "in_use"), (False, "verified")])
    def test_the_access_is_given_back_unless_the_account_is_an_inbox_too(self, holder, at_google, beside, state):
        told = at_google.grant(YUKI)
        grant = Grant(told["access_token"], told["refresh_token"], timezone.now() + timedelta(hours=1), GMAIL_READ)
        inbox = started(connect(holder, grant=grant))
        if beside:
            connect(holder, shared_mailbox="", inbox_kind=InboxKind.PERSONAL)

        actions.delete_team_inbox(inbox=inbox, erase=False, by=holder)
        give_back_grants(now=timezone.now() + timedelta(minutes=1))

        revocation = Revocation.objects.get()
        assert (revocation.state, revocation.account) == (RevocationState(state), YUKI)


class TestNews:
    @pytest.fixture(autouse=True)
    def announced(self, settings):
        settings.GOOGLE_PUBSUB_TOPIC, settings.GOOGLE_PUSH_ACCOUNT = "projects/p/topics/t", "push@p.example"

    def test_the_one_watch_of_the_account_is_its_own_inboxs(self, holder):
        own = {"shared_mailbox": "", "inbox_kind": InboxKind.PERSONAL}
        with open_announcer(connect(holder)) as of_alias, open_announcer(connect(holder, **own)) as of_account:
            assert (of_alias.resources, of_account.resources) == ((), ("mailbox",))
        assert not PushSubscription.objects.exists()

    def test_news_of_the_account_wake_it(self, holder):
        later = timezone.now() + timedelta(hours=1)
        inbox = started(connect(holder), next_due_at=later)

        hear_google(Announcement(YUKI.upper(), "1"))

        inbox.refresh_from_db()
        assert inbox.next_due_at < later
