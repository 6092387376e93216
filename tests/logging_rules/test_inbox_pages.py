"""Choosing what an inbox logs, the dry run, the start, and what its page says afterwards."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from crm_project.demo.mail import DemoMail
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Folder, Inbox, InboxStatus, Security
from inboxes.queries import completeness
from logging_rules.facts import Level, Preset
from logging_rules.history import history
from logging_rules.models import InboxPolicy, WorkspacePolicy
from logging_rules.overview import overviews
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, connected_inbox
from tests.fakes.demo_server import demo_server

pytestmark = pytest.mark.django_db
ADDRESS, PASSWORD = "alice@ours.example", "a secret of the mailbox"
PRIVATE = "[Private] The results of your test"


@pytest.fixture(scope="module")
def server():
    with demo_server({ADDRESS: PASSWORD}) as server:
        day = timezone.now() - timedelta(days=1)
        me, sarah = ("Alice", ADDRESS), ("Sarah", "sarah@meridian.example")
        server.folders.add(
            ADDRESS,
            [
                DemoMail(day, sarah, [me], "Revised quote", "The price works."),
                DemoMail(day, ("Clinic", "info@clinic.example"), [me], PRIVATE, "Please call."),
            ],
        )
        yield server


@pytest.fixture
def inbox(alice, server) -> Inbox:
    """Connected, not started; Sarah is a contact."""
    make_contact("Sarah Okafor", "sarah@meridian.example")
    login = ServerLogin("127.0.0.1", server.imap_port, Security.NONE, ADDRESS)
    details = ConnectionDetails(ADDRESS, login, PASSWORD)
    return actions.connect_imap_inbox(details=details, history_since=timezone.now() - timedelta(days=90), by=alice)


def path(name: str, inbox: Inbox) -> str:
    return reverse(f"inboxes:{name}", args=[inbox.code])


class TestChoosing:
    def test_the_preset_and_how_far_back_are_kept_and_lead_to_the_preview(self, inbox, alice_client):
        response = alice_client.post(path("logging", inbox), {"preset": "known", "history": "30"})

        inbox.refresh_from_db()
        assert response["Location"] == path("preview", inbox)
        assert InboxPolicy.objects.get(inbox=inbox).preset == Preset.KNOWN
        assert timedelta(days=30) <= timezone.now() - inbox.history_since < timedelta(days=30, minutes=5)

    def test_everything_means_no_beginning(self, inbox, alice_client):
        alice_client.post(path("logging", inbox), {"preset": "known", "history": "all"})

        inbox.refresh_from_db()
        assert inbox.history_since is None
        assert alice_client.get(path("logging", inbox)).context["form"]["history"].initial == "all"

    def test_a_preset_more_open_than_the_workspace_allows_is_neither_offered_nor_taken(self, inbox, alice_client):
        workspace = WorkspacePolicy.objects.current()
        workspace.most_open_preset = Preset.REPLIES
        workspace.save()

        page = alice_client.get(path("logging", inbox)).content.decode()
        response = alice_client.post(path("logging", inbox), {"preset": "known", "history": "30"})

        assert ('value="replies"' in page, 'value="known"' in page) == (True, False)
        assert (response.status_code, InboxPolicy.objects.count()) == (422, 0)

    def test_changing_it_later_keeps_the_other_settings_and_the_window(self, alice, alice_client):
        inbox = connected_inbox(alice, preset=Preset.REPLIES, history_since=NOW, backfill_done_at=NOW)
        InboxPolicy.objects.update(log_automatic_mail=True)

        alice_client.post(path("logging", inbox), {"preset": "manual", "history": "30"})

        inbox.refresh_from_db()
        policy = InboxPolicy.objects.get()
        assert (policy.preset, policy.log_automatic_mail) == (Preset.MANUAL, True)
        assert (inbox.history_since, inbox.backfill_done_at) == (NOW, NOW)


class TestPreview:
    def count_to_the_end(self, client, inbox) -> list[str]:
        pages = [client.get(path("preview", inbox)).content.decode()]
        while "Counted to the end" not in pages[-1]:
            state = pages[-1].partition('name="state" value="')[2].partition('"')[0]
            pages.append(client.post(path("preview", inbox), {"state": state}).content.decode())
            assert len(pages) < 10
        return pages

    def test_it_shows_examples_to_the_owner_and_stores_nothing(self, inbox, alice_client):
        alice_client.get(path("preview", inbox))  # makes what is made when it is first asked for
        before = {model: model.objects.count() for model in apps.get_models()}

        pages = self.count_to_the_end(alice_client, inbox)

        assert any(PRIVATE in page for page in pages)
        assert "2 e-mails" in pages[-1]
        assert {model: model.objects.count() for model in apps.get_models()} == before

    def test_no_browser_keeps_it(self, inbox, alice_client):
        for response in (alice_client.get(path("preview", inbox)), alice_client.post(path("preview", inbox))):
            assert "no-store" in response["Cache-Control"]

    def test_colleagues_and_super_admins_see_none_of_it(self, inbox, bob_client, admin_client):
        assert [client.post(path("preview", inbox)).status_code for client in (bob_client, admin_client)] == [404, 404]

    def test_a_state_of_somebody_elses_begins_anew(self, inbox, alice_client):
        page = alice_client.post(path("preview", inbox), {"state": "forged"}).content.decode()

        assert "Revised quote" in page

    def test_a_mailbox_that_cannot_be_read_is_named_and_tried_again(self, inbox, alice_client):
        inbox.credential.secret = "no longer"
        inbox.credential.save()

        page = alice_client.post(path("preview", inbox)).content.decode()

        assert "User name or password refused" in page
        assert "Try again" in page
        assert "no longer" not in page.replace("no longer accepts", "")

    def test_htmx_gets_the_numbers_alone(self, inbox, alice_client):
        page = alice_client.post(path("preview", inbox), headers={"HX-Request": "true"}).content.decode()

        assert "<html" not in page
        assert 'hx-swap-oob="beforeend"' in page


class TestStarting:
    def test_it_begins_to_sync_once(self, inbox, alice_client):
        for _ in range(2):
            response = alice_client.post(path("start", inbox))
            assert response["Location"] == path("inbox", inbox)

        inbox.refresh_from_db()
        assert inbox.status == InboxStatus.ACTIVE
        assert [event.text for event in history(inbox)].count("Started") == 1

    def test_what_was_not_started_can_be_discarded_and_what_was_cannot(self, inbox, alice, alice_client):
        started = connected_inbox(alice, "other@ours.example")
        for each in (inbox, started):
            alice_client.post(path("discard", each))

        assert list(Inbox.objects.all()) == [started]

    def test_the_window_of_a_started_inbox_stays(self, alice):
        started = connected_inbox(alice, history_since=NOW)
        with pytest.raises(ValidationError):
            actions.choose_history(inbox=started, history_since=None, by=alice)


class TestOverview:
    def test_it_tells_when_the_past_will_be_read(self, alice):
        inbox = connected_inbox(alice)
        Folder.objects.create(
            inbox=inbox, remote_id="INBOX", name="INBOX", role="inbox", counts={"no_known_contact": 100}, remaining=300
        )

        [overview] = overviews([inbox], now=NOW + timedelta(minutes=2))

        assert (overview.is_importing, overview.known) == (True, 400)
        assert overview.done_at == NOW + timedelta(minutes=8)
        assert overview.policy.preset.level == Level.INBOX

    def test_numbers_of_many_inboxes_are_those_of_each(self, alice):
        inboxes = [connected_inbox(alice, f"{number}@ours.example") for number in range(3)]
        for number, inbox in enumerate(inboxes):
            Folder.objects.create(
                inbox=inbox, remote_id="INBOX", name="INBOX", role="inbox", counts={"no_known_contact": number}
            )

        found = overviews(inboxes, now=NOW)

        assert [overview.numbers for overview in found] == [completeness(inbox) for inbox in inboxes]
        assert [overview.numbers.skipped for overview in found] == [0, 1, 2]

    def test_reasons_come_in_words_those_for_logging_first(self, alice):
        inbox = connected_inbox(alice)
        counts = {"no_known_contact": 9, "known_contact_incoming": 2, "automatic_mail": 4}
        Folder.objects.create(inbox=inbox, remote_id="INBOX", name="INBOX", role="inbox", counts=counts)

        [overview] = overviews([inbox], now=NOW)

        assert [(reason.label, reason.count) for reason in overview.reasons] == [
            ("Received from a contact", 2),
            ("Nobody in it is a contact", 9),
            ("Automatic and bulk mail", 4),
        ]

    def test_the_last_poll_has_the_page_loaded_anew(self, alice, alice_client):
        inbox = connected_inbox(alice)
        polls = [alice_client.get(path(name, inbox)) for name in ("item", "progress")]
        assert [("HX-Refresh" in poll, b"hx-trigger" in poll.content) for poll in polls] == [(False, True)] * 2

        Inbox.objects.update(backfill_done_at=NOW)

        polls = [alice_client.get(path(name, inbox)) for name in ("item", "progress")]
        assert [("HX-Refresh" in poll, b"hx-trigger" in poll.content) for poll in polls] == [(True, False)] * 2
