"""The demo's workspace: three people, each with an inbox at another provider, and what they see of each other's mail."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import requests
from django.core.management import CommandError, call_command

from crm_project.demo import emma, further, home, james, yuki
from crm_project.demo.accounts import fill as fill_mail_server
from crm_project.demo.google.accounts import fill as fill_google
from crm_project.demo.home import Home, Ports
from crm_project.demo.microsoft.accounts import fill as fill_microsoft
from crm_project.demo.people import EMMA, JAMES, PRIVATE_MARKS, SUPPORT, YUKI, YUKI_GMAIL
from crm_project.demo.server import MailFolders

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def demo(google, microsoft, tmp_path, settings) -> Home:
    """Filled, with the stand-ins running and the mail server not."""
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    ports = Ports(imap=1, smtp=1, google=urlsplit(google.url).port, microsoft=urlsplit(microsoft.url).port)
    demo = Home(home.folder_in(tmp_path), datetime.now(UTC), ports)
    demo.save()
    fill_google(google, demo.began)
    fill_microsoft(microsoft, demo.began)
    return demo


@pytest.fixture
def ensured(demo) -> Home:
    from crm_project.demo.workspace import ensure

    assert ensure(demo) is True
    return demo


def synced(address: str):
    """The inbox of that address, once there is nothing more to read."""
    from inboxes.models import Inbox
    from inboxes.sync.engine import Outcome, run_slice
    from logging_rules.intake import InboxIntake

    inbox = Inbox.objects.get(address=address)
    for _ in range(50):
        if run_slice(inbox_id=inbox.pk, intake_for=InboxIntake).outcome == Outcome.DONE:
            inbox.refresh_from_db()
            return inbox
    raise AssertionError("the sync does not come to an end")


def logged(inbox) -> set[tuple[str, str]]:
    from inboxes.models import Sighting

    return set(Sighting.objects.filter(inbox=inbox).values_list("message__subject", "reason"))


def test_three_people_have_an_inbox_each_at_another_provider_and_one_together(ensured):
    from inboxes.models import Inbox

    assert set(Inbox.objects.values_list("address", "owner__email", "provider")) == {
        (YUKI.email, YUKI.email, "imap"),
        (JAMES.email, JAMES.email, "gmail"),
        (EMMA.email, EMMA.email, "graph"),
        (SUPPORT.email, EMMA.email, "imap"),
    }
    team = Inbox.objects.get(kind="team")
    assert (team.address, team.name, team.from_name) == (SUPPORT.email, "Support", "Minato Support")
    members = {YUKI.email, JAMES.email, EMMA.email}
    assert set(team.members.values_list("person__email", flat=True)) == members


def test_a_later_start_makes_nothing_and_points_at_todays_ports(ensured):
    from dataclasses import replace

    from crm_project.demo.workspace import ensure
    from inboxes.models import MailServer

    moved = replace(ensured, ports=replace(ensured.ports, imap=143, smtp=587))

    assert ensure(moved) is False
    servers = set(MailServer.objects.values_list("inbox__address", "protocol", "port"))
    ports = {"imap": 143, "smtp": 587}
    assert servers == {(address, *port) for address in (YUKI.email, SUPPORT.email) for port in ports.items()}


def test_an_operators_own_client_at_google_is_left_alone(demo, settings):
    from crm_project.demo.workspace import ensure
    from inboxes.models import Inbox

    settings.GOOGLE_CLIENT_ID = "their own"

    ensure(demo)

    assert set(Inbox.objects.values_list("address", flat=True)) == {YUKI.email, EMMA.email, SUPPORT.email}


def test_james_has_what_he_marked_and_the_answers_to_it(ensured):
    tender = "Tender for the swimming pool sensors"

    assert logged(synced(JAMES.email)) == {
        (tender, "chosen_by_owner"),
        (f"Re: {tender}", "reply_to_logged"),
        ("Samples shipped", "chosen_by_owner"),
    }


def test_emmas_mail_is_limited_and_what_may_be_private_waits_for_her(ensured):
    from inboxes.models import Sighting
    from logging_rules.models import HeldMail

    inbox = synced(EMMA.email)

    assert HeldMail.objects.filter(inbox=inbox).count() == len(list(emma.for_her_to_decide(ensured.began))) == 3
    assert logged(inbox) == {
        ("Renewal of our service contract", "known_contact_incoming"),
        ("Re: Renewal of our service contract", "known_contact_outgoing"),
        ("Re: Renewal of our service contract", "reply_to_logged"),
        ("Our board would like to meet you", "known_contact_incoming"),
        ("Re: Our board would like to meet you", "reply_to_logged"),
        ("Supplier form for Meridian", "known_contact_incoming"),
        ("A reference customer for your website", "known_contact_incoming"),
        ("Minutes of our call", "chosen_by_owner"),
    }
    assert set(Sighting.objects.filter(inbox=inbox).values_list("visibility", flat=True)) == {"subject"}


def test_private_mail_is_in_every_mailbox_and_nowhere_else(ensured):
    from crm_project.privacy.verification import verify
    from inboxes.models import Inbox, Message

    for address in (JAMES.email, EMMA.email):
        synced(address)
    Inbox.objects.filter(address__in=[YUKI.email, SUPPORT.email]).delete()  # their server does not run here

    for mailbox in (yuki.mailbox, james.mailbox, emma.mailbox, further.yuki_at_home, further.james_at_home):
        assert any(mark in mail.subject for mail in mailbox(ensured.began) for mark in PRIVATE_MARKS)
    assert not [
        subject
        for subject in Message.objects.values_list("subject", flat=True)
        if any(mark in subject for mark in PRIVATE_MARKS)
    ]
    verdict = verify()
    assert (verdict.is_clean, verdict.inboxes, verdict.findings) == (True, 2, [])


def test_a_mail_that_two_of_them_have_is_the_same_mail(ensured):
    ids = [{mail.message_id for mail in mailbox(ensured.began)} for mailbox in (yuki.mailbox, james.mailbox)]

    assert len(ids[0] & ids[1]) == 2


def test_a_mail_arrives_wherever_the_mailbox_is(ensured, google, microsoft, capsys):
    at_google, at_microsoft = google.mailbox(YUKI_GMAIL.email), microsoft.mailbox(EMMA.email)
    before = len(at_google.messages), len(at_microsoft.messages)

    for address in (YUKI_GMAIL.email, EMMA.email):
        call_command("demo", "send", "--to", address, "--subject", "Hello again", "--label", "CRM/Log")

    assert (len(at_google.messages), len(at_microsoft.messages)) == (before[0] + 1, before[1] + 1)
    labels = next(at_google.newest_first()).labels
    assert "CRM/Log" in {at_google.labels[label].name for label in labels}
    assert max(at_microsoft.messages.values(), key=lambda message: message.key).categories == ("CRM/Log",)
    assert capsys.readouterr().out == f"Sent to {YUKI_GMAIL.email}.\nSent to {EMMA.email}.\n"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nobody@minato.example", "Nobody in the demo has the address nobody@minato.example."),
        (YUKI.email, "The demo is not running. Run bin/dev."),
    ],
)
def test_a_mail_that_cannot_arrive_is_told_of(demo, address, said):
    with pytest.raises(CommandError, match=said):
        call_command("demo", "send", "--to", address)


def test_the_mail_server_is_filled_once_and_an_interrupted_filling_is_begun_anew(tmp_path):
    demo = Home(tmp_path, datetime.now(UTC), Ports.free())
    (tmp_path / "mail.new").mkdir()
    (tmp_path / "mail.new" / "half").touch()

    fill_mail_server(demo)
    received = sorted((demo.mail / "maildirs" / YUKI.email / "new").iterdir())
    fill_mail_server(demo)

    assert list(MailFolders(demo.mail).accounts()) == [YUKI.email, SUPPORT.email]
    assert sorted((demo.mail / "maildirs" / YUKI.email / "new").iterdir()) == received
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mail"]


def test_the_launcher_sends_people_and_news_to_addresses_that_exist():
    from django.urls import reverse

    from crm_project.runner.dev import _stand_in

    for provider in ("google", "microsoft"):
        program = _stand_in(provider, 1234, "http://127.0.0.1:8000")
        assert f"http://127.0.0.1:8000{reverse('inboxes:oauth-callback', args=[provider])}" in program.command
        assert f"http://127.0.0.1:8000{reverse(f'inboxes:{provider}-hook')}" in program.command


def test_another_sites_page_cannot_be_let_into_an_account(demo):
    """A form can send only types that are not asked for here; anything else the browser asks about first."""
    for url in (demo.google_url, demo.microsoft_url):
        answer = requests.post(f"{url}/stand-in/grant", params={"to": EMMA.email}, data={"a": "form"}, timeout=60)
        assert (answer.status_code >= 400, "token" in answer.text) == (True, False)
