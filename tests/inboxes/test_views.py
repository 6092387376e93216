"""The pages of a person's inboxes, and what nobody else may learn from them."""

import socket
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.urls import reverse

from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Credential, Folder, Inbox, InboxStatus, LedgerEntry, LedgerState, Security
from tests.contacts.queries import queries_of
from tests.factories.inboxes import NOW, connected_inbox
from tests.factories.users import PASSWORD

pytestmark = pytest.mark.django_db
SECRET = "correct-battery-staple-9"


@pytest.fixture
def inbox(alice) -> Inbox:
    """Connected by hand: it has a password and servers, and has been read."""
    login = ServerLogin(host="127.0.0.1", port=993, security=Security.TLS, username="alice")
    details = ConnectionDetails(address="alice@ours.example", imap=login, password=SECRET, smtp=login)
    inbox = actions.connect_imap_inbox(details=details, history_since=NOW - timedelta(days=90), by=alice)
    actions.start(inbox=inbox, by=alice)
    folder = Folder.objects.create(
        inbox=inbox,
        remote_id="INBOX",
        name="INBOX",
        role="inbox",
        counts={"known_contact_incoming": 2, "no_known_contact": 3},
    )
    LedgerEntry.objects.create(
        inbox=inbox, folder=folder, remote_id="1:1", state=LedgerState.QUARANTINED, cause="could_not_store"
    )
    return inbox


PAGES = ["inbox", "item", "progress", "health", "logging", "preview", "reconnect", "sending", "disable", "discard"]
POSTS = [
    "start",
    "sync-now",
    "pause",
    "resume",
    "replay",
    "disable",
    "discard",
    "reconnect",
    "sending",
    "logging",
    "preview",
]


class TestAccess:
    @pytest.mark.parametrize("name", PAGES)
    def test_only_the_owner_opens_a_page(self, inbox, name, alice_client, bob_client, admin_client):
        path = reverse(f"inboxes:{name}", args=[inbox.code])

        statuses = [client.get(path).status_code for client in (alice_client, bob_client, admin_client)]

        assert statuses == [200, 404, 404]

    @pytest.mark.parametrize("name", POSTS)
    def test_nobody_but_the_owner_does_anything(self, inbox, name, bob_client, admin_client):
        before = Inbox.objects.values().get()
        path = reverse(f"inboxes:{name}", args=[inbox.code])

        assert [client.post(path).status_code for client in (bob_client, admin_client)] == [404, 404]
        assert Inbox.objects.values().get() == before

    @pytest.mark.parametrize("name", [*PAGES, *POSTS])
    def test_who_has_left_or_not_signed_in_is_sent_to_sign_in(self, inbox, name, client, charlie_client):
        path = reverse(f"inboxes:{name}", args=[inbox.code])

        locations = [visitor.post(path)["Location"].partition("?")[0] for visitor in (client, charlie_client)]

        assert locations == [reverse("account_login")] * 2

    def test_a_list_shows_ones_own_inboxes_only(self, inbox, bob, alice_client, bob_client, admin_client):
        connected_inbox(bob, "bob@ours.example")

        lists = [client.get("/inboxes/").content.decode() for client in (alice_client, bob_client, admin_client)]

        assert [("alice@ours.example" in page, "bob@ours.example" in page) for page in lists] == [
            (True, False),
            (False, True),
            (False, False),
        ]

    @pytest.mark.parametrize("name", PAGES)
    def test_no_page_shows_the_password(self, inbox, name, alice_client):
        assert Credential.objects.get(inbox=inbox).secret == SECRET

        page = alice_client.get(reverse(f"inboxes:{name}", args=[inbox.code])).content.decode()

        assert SECRET not in page


class TestSending:
    SERVER = {"smtp_host": "elsewhere.example", "smtp_port": 465, "smtp_security": "tls", "smtp_username": "a"}

    @pytest.fixture
    def heard(self, monkeypatch):
        """What any server was sent: which host was looked up, by which the password would have gone."""
        hosts, look_up = [], socket.getaddrinfo

        def note(host, *arguments, **options):
            hosts.extend([host] * (host == "elsewhere.example"))
            return look_up(host, *arguments, **options)

        monkeypatch.setattr(socket, "getaddrinfo", note)
        return hosts

    @pytest.fixture
    def path(self, inbox) -> str:
        return reverse("inboxes:sending", args=[inbox.code])

    @staticmethod
    def confirmed(client, path):
        question = client.post(path, {"smtp_host": "elsewhere.example"})
        client.post(question.url, {"password": PASSWORD})

    def test_the_stored_password_goes_nowhere_before_the_owner_has_confirmed_their_own(self, path, alice_client, heard):
        question = alice_client.post(path, self.SERVER)

        assert (question.url.partition("?")[0], heard) == (reverse("account_reauthenticate"), [])
        alice_client.post(question.url, {"password": PASSWORD}, follow=True)
        assert heard == ["elsewhere.example"]

    def test_who_manages_a_team_inbox_has_to_know_its_password(self, inbox, path, admin_client, heard):
        Inbox.objects.filter(pk=inbox.pk).update(kind="team", name="Team")
        self.confirmed(admin_client, path)

        answers = [admin_client.post(path, self.SERVER | {"password": word}) for word in ("", "guessed", SECRET)]

        errors = [list(answer.context["form"].errors) for answer in answers]
        assert (errors, heard) == ([["password"], ["password"], []], ["elsewhere.example"])
        assert "This is not the password of the mailbox." in answers[1].content.decode()

    def test_guessing_the_password_of_a_team_inbox_is_slowed_down(self, inbox, path, admin_client, heard, settings):
        settings.ACCOUNT_RATE_LIMITS = {**settings.ACCOUNT_RATE_LIMITS, "try_mail_servers": "2/h/user"}
        Inbox.objects.filter(pk=inbox.pk).update(kind="team", name="Team")
        self.confirmed(admin_client, path)

        answers = [admin_client.post(path, self.SERVER | {"password": word}) for word in ("one", "two", SECRET)]

        errors = [list(answer.context["form"].errors) for answer in answers]
        assert (errors, heard) == ([["password"], ["password"], ["__all__"]], [])

    def test_no_server_that_is_not_allowed_hears_of_the_stored_password(self, path, alice_client, admin, heard):
        self.confirmed(alice_client, path)
        actions.set_connection_policy(who="everyone", providers=["imap"], imap_hosts=["mail.ours.example"], by=admin)

        answer = alice_client.post(path, self.SERVER)

        assert (list(answer.context["form"].errors), heard) == (["smtp_host"], [])

    def test_a_password_whose_key_is_lost_is_no_fault_of_a_page(self, inbox, path, alice_client, heard, settings):
        self.confirmed(alice_client, path)
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]

        answer = alice_client.post(path, self.SERVER)
        statuses = [alice_client.get(reverse(f"inboxes:{name}", args=[inbox.code])).status_code for name in PAGES]

        assert (list(answer.context["form"].errors), heard) == (["__all__"], [])
        assert "it cannot be decrypted any more. Reconnect the inbox with its password." in answer.content.decode()
        assert statuses == [200] * len(PAGES)


class TestList:
    def test_each_inbox_says_how_it_is_and_what_colleagues_see(self, inbox, alice_client):
        page = alice_client.get("/inboxes/").content.decode()

        assert "alice@ours.example" in page
        assert "Nothing is logged so far, so colleagues see nothing of this inbox." in page
        assert "Reading past e-mail" in page

    def test_who_has_none_is_led_to_connect_one(self, alice_client):
        page = alice_client.get("/inboxes/").content.decode()

        assert "No inbox yet" in page
        assert reverse("inboxes:connect") in page

    def test_queries_do_not_grow_with_the_list(self, alice, alice_client):
        connected_inbox(alice, "0@ours.example")
        count = queries_of(alice_client, "/inboxes/")
        for number in range(1, 10):
            connected_inbox(alice, f"{number}@ours.example")

        assert queries_of(alice_client, "/inboxes/") == count

    @pytest.mark.parametrize("status", InboxStatus.values)
    def test_every_status_has_its_words_and_ways_out(self, alice, alice_client, status):
        inbox = connected_inbox(alice, status=status, cause="sign_in_refused" if "e" in status else "")

        assert alice_client.get("/inboxes/").status_code == 200
        assert alice_client.get(reverse("inboxes:inbox", args=[inbox.code])).status_code == 200
