"""The page of a change's dry run: for the person's own mailboxes, step by step, to be stopped and continued, with and without scripts."""

import json
import re
from datetime import timedelta
from html import unescape
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from crm_project.demo.mail import DemoMail
from inboxes import actions
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.models import Inbox, Security, Sighting
from logging_rules.actions import finish_past_changes, set_inbox_policy, set_workspace_policy
from logging_rules.changes import Change, Entry
from logging_rules.facts import NeverLogKind, Preset
from logging_rules.models import InboxPolicy, NeverLogEntry
from logging_rules.slices import sync_slice
from tests.factories.contacts import make_contact
from tests.fakes.demo_server import demo_server

pytestmark = pytest.mark.django_db
ADDRESS, PASSWORD = "alice@ours.example", "a secret of the mailbox"
QUOTE, PRIVATE = "Revised quote", "[Private] The results of your test"


@pytest.fixture(scope="module")
def server():
    with demo_server({ADDRESS: PASSWORD}) as server:
        day = timezone.now() - timedelta(days=1)
        me, sarah = ("Alice", ADDRESS), ("Sarah", "sarah@meridian.example")
        clinic = ("Clinic", "info@clinic.example")
        server.folders.add(
            ADDRESS,
            [
                DemoMail(day, sarah, [me], QUOTE, "The price works."),
                DemoMail(day, clinic, [me], PRIVATE, "Please call."),
            ],
        )
        yield server


@pytest.fixture
def inbox(alice, server) -> Inbox:
    """Sarah's mail is logged."""
    make_contact("Sarah Okafor", "sarah@meridian.example")
    login = ServerLogin("127.0.0.1", server.imap_port, Security.NONE, ADDRESS)
    details = ConnectionDetails(ADDRESS, login, PASSWORD)
    inbox = actions.connect_imap_inbox(details=details, history_since=None, by=alice)
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)
    actions.start(inbox=inbox, by=alice)
    assert sync_slice(inbox_id=inbox.pk, worker="test").outcome == "done"
    inbox.refresh_from_db()
    return inbox


CLINIC, SARAH = (Entry(NeverLogKind.ADDRESS, email) for email in ("info@clinic.example", "sarah@meridian.example"))


def state_in(page: str) -> str:
    return page.partition('name="state" value="')[2].partition('"')[0]


def count_to_the_end(client, url: str) -> list[str]:
    pages = [client.get(url).content.decode()]
    while "Counted to the end" not in pages[-1]:
        pages.append(client.post(url, {"state": state_in(pages[-1])}).content.decode())
        assert len(pages) < 12
    return pages


def figures(page: str) -> list[str]:
    """How many more, how many fewer."""
    return re.findall(r"<dd>([\d,]+)</dd>", page)[:2]


def test_it_says_how_many_more_and_fewer_with_whom_and_shows_examples(inbox, alice_client):
    url = Change.of_inbox(inbox, preset=Preset.MANUAL).url
    pages = count_to_the_end(alice_client, url)

    assert figures(pages[-1]) == ["0", "1"]
    assert "Sarah Okafor" in pages[-1]
    assert "What is logged: Only what I choose" in pages[0]
    assert any(QUOTE in page for page in pages)
    assert not any(PRIVATE in page for page in pages)


def test_the_owner_sees_what_would_be_logged_of_private_mail(inbox, alice_client, alice):
    make_contact("Clinic", "info@clinic.example")
    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)

    pages = count_to_the_end(alice_client, Change.of_inbox(inbox, preset=Preset.KNOWN).url)

    assert any(PRIVATE in page for page in pages)
    assert figures(pages[-1])[0] == "1"


def test_another_person_cannot_ask_about_the_inbox(inbox, bob_client, admin_client):
    url = Change.of_inbox(inbox, preset=Preset.KNOWN).url

    assert [client.get(url).status_code for client in (bob_client, admin_client)] == [404, 404]
    page = admin_client.get(Change.of_workspace(listed=[SARAH]).url).content.decode()
    assert (ADDRESS in page, "Only your own mailboxes can be counted" in page) == (False, True)


def test_it_is_stopped_and_goes_on_where_it_was(inbox, alice_client):
    url = Change.of_inbox(inbox, preset=Preset.MANUAL).url
    state = state_in(
        alice_client.post(url, {"state": state_in(alice_client.get(url).content.decode())}).content.decode()
    )

    stopped = alice_client.post(url, {"state": state, "stop": "1"}, headers={"HX-Request": "true"}).content.decode()

    assert 'hx-trigger="load' not in stopped
    assert "Count on" in stopped
    assert figures(stopped) == ["0", "1"]
    assert state_in(stopped)


def test_a_server_that_is_away_is_named_and_nothing_is_lost(inbox, alice_client):
    url = Change.of_inbox(inbox, preset=Preset.MANUAL).url
    pages = [alice_client.get(url).content.decode()]
    inbox.servers.update(port=1)
    for _ in range(3):
        pages.append(alice_client.post(url, {"state": state_in(pages[-1])}).content.decode())

    assert "Try again" in pages[-1]
    assert figures(pages[-1]) == ["0", "1"]


def test_a_change_made_from_the_page_holds_from_now_on(inbox, alice_client):
    url = Change.of_person(listed=[SARAH]).url.replace("/dry-run/", "/dry-run/apply/")

    response = alice_client.post(url, {"reach": "now"})

    assert response["Location"] == reverse("inboxes:inbox", args=[inbox.code])
    assert NeverLogEntry.objects.get().value == "sarah@meridian.example"
    assert Sighting.objects.count() == 1


def test_a_change_made_from_the_page_holds_for_the_past_too(inbox, alice_client):
    url = Change.of_person(listed=[SARAH]).url.replace("/dry-run/", "/dry-run/apply/") + "&period=30"

    alice_client.post(url, {"reach": "past"})
    finish_past_changes(now=timezone.now())

    assert Sighting.objects.count() == 0


def test_a_refused_change_is_explained(inbox, alice_client, admin):
    url = Change.of_inbox(inbox, preset=Preset.KNOWN).url.replace("/dry-run/", "/dry-run/apply/")
    InboxPolicy.objects.update(preset=Preset.REPLIES)
    set_workspace_policy(by=admin, most_open_preset=Preset.REPLIES)

    page = alice_client.post(url, {"reach": "now"}, follow=True).content.decode()

    assert "The most open setting your workspace allows is" in unescape(page)
    assert InboxPolicy.objects.get().preset == Preset.REPLIES


def test_only_a_super_admin_is_offered_to_change_the_workspace(inbox, alice_client):
    url = Change.of_workspace(listed=[CLINIC]).url

    assert "Make the change" not in alice_client.get(url).content.decode()
    assert alice_client.post(url.replace("/dry-run/", "/dry-run/apply/"), {"reach": "now"}).status_code == 403
    assert NeverLogEntry.objects.count() == 0


def test_a_super_admin_without_an_inbox_changes_the_workspace_from_now_on(inbox, admin_client):
    url = Change.of_workspace(listed=[CLINIC]).url
    page = admin_client.get(url).content.decode()

    assert "It would hold for 1 inbox of other people" in page
    assert "Make the change" in page
    response = admin_client.post(url.replace("/dry-run/", "/dry-run/apply/"), {"reach": "now"})
    assert response["Location"] == reverse("inboxes:inbox-list")
    assert NeverLogEntry.objects.get().owner is None


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"preset": "manual"}, "What is logged: Only what I choose"),
        ({"never_log": "*.clinic.example"}, "Never log e-mail with *.clinic.example"),
    ],
)
def test_one_may_just_wonder(inbox, alice_client, values, sentence):
    page = alice_client.post(reverse("logging_rules:what-if"), {"inbox": inbox.code, **values}, follow=True)

    assert sentence in page.content.decode()


@pytest.mark.parametrize(
    "values", [{}, {"never_log": "nonsense"}, {"preset": "manual", "never_log": "x@clinic.example"}]
)
def test_a_question_must_be_one(inbox, alice_client, values):
    response = alice_client.post(reverse("logging_rules:what-if"), {"inbox": inbox.code, **values})

    assert response.status_code == 422
    assert response.context["form"].errors


def command(*arguments: str) -> dict:
    out = StringIO()
    call_command("inbox", "dry-run", ADDRESS, *arguments, "--json", stdout=out)
    assert not any(secret in out.getvalue() for secret in (QUOTE, PRIVATE, "clinic"))
    return json.loads(out.getvalue())


def test_an_operator_gets_the_numbers(inbox):
    answer = command("--set", "preset=manual")

    assert answer == {
        "mails": 2,
        "more": {"mails": 0, "contacts": 0},
        "fewer": {"mails": 1, "contacts": 1},
        "before": {"known_contact_incoming": 1, "no_known_contact": 1},
        "after": {"preset_too_narrow": 1, "no_known_contact": 1},
        "chosen": 0,
        "waiting": 0,
        "applied": None,
    }
    assert command("--never-log", "sarah@meridian.example", "--apply", "past")["fewer"]["mails"] == 1
    finish_past_changes(now=timezone.now())
    assert Sighting.objects.count() == 0


@pytest.mark.parametrize("values", [[], ["--set", "preset=wide"], ["--set", "colour=red"], ["--never-log", "nonsense"]])
def test_an_operator_is_told_what_is_wrong(inbox, values):
    with pytest.raises(CommandError):
        call_command("inbox", "dry-run", ADDRESS, *values)
