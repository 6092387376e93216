"""The page of folders and labels: what it shows, what it saves, what it creates."""

import pytest
from django.contrib.messages import get_messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.urls import reverse

from audit.models import AuditEvent
from inboxes.marks import Mark, MarkSource
from inboxes.models import Folder, MarkedMail
from inboxes.providers.memory import MemoryMailbox
from logging_rules.actions import MarkChoices, create_mark_folders, set_marks
from logging_rules.marks import MarkState, marks_overview
from logging_rules.models import MarkSettings
from tests.factories.inboxes import connected_inbox
from tests.people import signed_in

pytestmark = pytest.mark.django_db

CHOICES = {
    "log_name": "CRM/Log",
    "private_name": "CRM/Private",
    "logged_name": "CRM/Logged",
    "writes_label": False,
    "removing_unlogs": False,
}


@pytest.fixture
def inbox(alice):
    return connected_inbox(alice)


@pytest.fixture
def page(alice, inbox):
    client, url = signed_in(alice), reverse("inboxes:marks", args=[inbox.code])
    return lambda data=None: client.get(url) if data is None else client.post(url, data)


def choices(**changes):
    return MarkChoices(**CHOICES | changes)


def text_of(response):
    return " ".join(response.content.decode().split())


def test_the_page_says_which_folders_there_are_and_how_many_mails_carry_a_mark(page, inbox):
    folder = Folder.objects.create(inbox=inbox, remote_id="x", name="INBOX/CRM/Log", role="other")
    for number, source in enumerate([MarkSource.FOLDER, MarkSource.FOLDER, MarkSource.KEYWORD, MarkSource.COPY]):
        MarkedMail.objects.create(inbox=inbox, folder=folder, remote_id=str(number), mark=Mark.LOG, source=source)
    assert marks_overview(inbox).states == [
        MarkState(Mark.LOG, "CRM/Log", "INBOX/CRM/Log", in_folder=2, by_keyword=1),
        MarkState(Mark.PRIVATE, "CRM/Private", "", in_folder=0, by_keyword=0),
    ]
    shown = text_of(page())
    for words in ("Folder found", "No such folder yet", "2 e-mails in the folder", "1 with the label"):
        assert words in shown
    assert "Create the folders for me" in shown


def test_what_is_saved_holds_and_is_audited(page, inbox):
    response = page({**CHOICES, "log_name": " 共有 / 記録 ", "writes_label": "on", "removing_unlogs": ""})
    assert response.status_code == 302
    settings = MarkSettings.objects.get(inbox=inbox)
    assert (settings.log_name, settings.writes_label, settings.removing_unlogs) == ("共有/記録", True, False)
    event = AuditEvent.objects.get(action="logging.marks_set")
    assert event.details == {"writes_label": True, "removing_unlogs": False}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"log_name": "CRM/Private"}, "too much like one of the others"),
        ({"log_name": "crm_private"}, "too much like one of the others"),
        ({"private_name": " / "}, "Enter a name."),
        ({"logged_name": 'a "name"'}, "cannot contain"),
        ({"log_name": ""}, "This field is required."),
    ],
)
def test_names_that_cannot_be_are_refused_and_nothing_is_lost(page, changes, words):
    response = page({**CHOICES, **changes})
    assert response.status_code == 422
    assert words in text_of(response)
    assert not MarkSettings.objects.exists()


def test_only_the_owner_changes_marks(inbox, bob, admin):
    for person in (bob, admin):
        with pytest.raises(PermissionDenied):
            set_marks(inbox=inbox, choices=choices(), by=person)
        with pytest.raises(PermissionDenied):
            create_mark_folders(inbox=inbox, by=person)
    with pytest.raises(ValidationError):
        set_marks(inbox=inbox, choices=choices(log_name="CRM/Logged"), by=inbox.owner)


def test_folders_are_created_under_the_names_of_the_owner(inbox, alice):
    set_marks(inbox=inbox, choices=choices(private_name="秘密"), by=alice)
    server = MemoryMailbox()
    create_mark_folders(inbox=inbox, by=alice, open_writer=lambda _: server.open_writer())
    assert list(server.folders) == ["INBOX", "Sent", "CRM/Log", "秘密"]
    assert AuditEvent.objects.filter(action="logging.mark_folders_created").count() == 1


def test_a_server_that_cannot_be_reached_is_named(alice, inbox):
    client = signed_in(alice)
    response = client.post(reverse("inboxes:mark-folders", args=[inbox.code]))
    assert response.status_code == 302
    [message] = get_messages(response.wsgi_request)
    assert message.level_tag == "error"
    assert not AuditEvent.objects.filter(action="logging.mark_folders_created").exists()


def test_a_server_without_labels_is_said(page, inbox):
    MarkSettings.objects.create(inbox=inbox, writes_label=True, label_refused=True)
    assert "Your mail server allows no labels" in text_of(page())
    page({**CHOICES, "writes_label": "on"})
    assert not MarkSettings.objects.get().label_refused
