"""The first steps of connecting: whose address it is, how often servers may be tried, what is kept when."""

import re

import pytest
from django.core.cache import cache

from inboxes.models import Credential, Inbox, InboxKind
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db
FORM = {
    "username": "alice",
    "password": "a secret of the mailbox",
    "imap_host": "127.0.0.1",
    "imap_port": "1",
    "imap_security": "none",
}


@pytest.fixture(autouse=True)
def no_limits_used_up():
    cache.clear()


def enter(client, address: str):
    return client.post("/inboxes/connect/", {"address": address})


class TestAddress:
    @pytest.mark.parametrize("address", ["", "alice", "alice@", "a b@ours.example"])
    def test_what_is_no_address_is_refused_and_kept_in_the_form(self, alice_client, address):
        response = enter(alice_client, address)

        assert response.status_code == 422
        assert response.context["form"]["address"].value() == address

    def test_an_inbox_of_ones_own_is_opened_instead(self, alice, alice_client):
        inbox = connected_inbox(alice)

        page = enter(alice_client, " ALICE@ours.example ").content.decode()

        assert "You have connected this address already." in page
        assert f"/inboxes/{inbox.code}/" in page

    @pytest.mark.parametrize(
        ("kind", "words"), [(InboxKind.PERSONAL, "personal inbox of a colleague"), (InboxKind.TEAM, "as a team inbox")]
    )
    def test_of_somebody_elses_only_the_kind_is_told(self, bob, alice_client, kind, words):
        inbox = connected_inbox(bob, "shared@ours.example", kind=kind)

        page = enter(alice_client, "shared@ours.example").content.decode()

        assert words in page
        assert str(inbox.code) not in page
        assert bob.name not in page

    def test_an_alias_counts_as_connected(self, bob, alice_client):
        connected_inbox(bob, "bob@ours.example", aliases=["sales@ours.example"])

        assert enter(alice_client, "sales@ours.example").status_code == 422

    def test_the_next_step_needs_an_address(self, alice_client):
        assert alice_client.get("/inboxes/connect/server/")["Location"] == "/inboxes/connect/"

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("alice@gmail.com", "Google needs an app password here"),
            ("alice@outlook.com", "Microsoft no longer accepts passwords"),
            ("alice@proton.me", "only through its bridge program"),
        ],
    )
    def test_known_providers_say_what_to_know_and_have_their_servers_filled_in(self, alice_client, address, words):
        enter(alice_client, address)

        response = alice_client.get("/inboxes/connect/server/")

        assert words in response.content.decode()
        assert response.context["form"]["imap_host"].value()

    @pytest.mark.parametrize("address", ["alice@gmail.com", "alice@outlook.com"])
    def test_without_a_client_at_the_provider_it_is_said_who_can_set_that_up(self, alice_client, address):
        enter(alice_client, address)

        assert "is not set up here" in alice_client.get("/inboxes/connect/server/").content.decode()


class TestServers:
    @pytest.fixture
    def client(self, alice_client):
        enter(alice_client, "alice@gmail.com")
        return alice_client

    def test_a_failure_keeps_what_was_typed_but_the_password(self, client):
        response = client.post("/inboxes/connect/server/", FORM)

        page = response.content.decode()
        assert response.status_code == 422
        assert "Server does not accept connections" in page
        assert 'value="alice"' in page
        assert FORM["password"] not in page
        assert FORM["password"] not in str(dict(client.session))
        assert (Inbox.objects.count(), Credential.objects.count()) == (0, 0)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"imap_port": "99999"}, "imap_port"),
            ({"imap_host": "bad host"}, "imap_host"),
            ({"imap_security": "rot13"}, "imap_security"),
            ({"smtp_host": "127.0.0.1", "smtp_port": "", "smtp_security": "none"}, "smtp_port"),
            ({"password": ""}, "password"),
            ({"username": ""}, "username"),
        ],
    )
    def test_what_cannot_be_right_is_said_before_anything_is_tried(self, client, changes, field):
        response = client.post("/inboxes/connect/server/", FORM | changes)

        assert response.status_code == 422
        assert list(response.context["form"].errors) == [field]
        assert response.context["trial"] is None

    def test_no_encryption_is_offered_only_where_the_operator_allows_it(self, client, settings):
        settings.MAIL_HOSTS_ALLOWED = []

        response = client.post("/inboxes/connect/server/", FORM)

        assert list(response.context["form"].errors) == ["imap_security"]

    def test_servers_are_tried_so_often_and_not_more(self, client):
        answers = [client.post("/inboxes/connect/server/", FORM) for _ in range(6)]

        assert [bool(answer.context["trial"]) for answer in answers] == [True] * 5 + [False]
        assert "You have tried often in a short time." in answers[-1].content.decode()


class TestTwoTabs:
    """The session knows one mailbox that is being connected; a form that is open knows its own."""

    def form_of(self, client) -> dict[str, str]:
        page = client.get("/inboxes/connect/server/").content.decode()
        return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))

    @pytest.mark.parametrize(
        ("address", "kind"), [("support@gmail.com", "team"), ("support@gmail.com", ""), ("alice@gmail.com", "team")]
    )
    def test_a_form_left_open_never_opens_its_mailbox_as_what_another_tab_began(
        self, admin_client, mailbox, address, kind
    ):
        enter(admin_client, "alice@gmail.com")
        left_open = self.form_of(admin_client)
        admin_client.post(f"/inboxes/connect/{f'?kind={kind}' if kind else ''}", {"address": address})
        own = mailbox.settings
        password = {"username": own.username, "password": own.password}
        server = {"imap_host": own.host, "imap_port": str(own.port), "imap_security": "tls"}

        answer = admin_client.post("/inboxes/connect/server/", left_open | password | server)

        assert not Inbox.objects.exists()
        assert answer["Location"] == "/inboxes/connect/"
        told = admin_client.get("/inboxes/connect/?kind=personal").content.decode()
        assert "You began to connect another mailbox meanwhile" in told
        assert own.password not in told
