"""Un-logging, by numbers: what is stored, found, counted and recorded after each step, and what a sync makes of it."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.utils import timezone

from audit.models import AuditEvent
from contacts.actions import ContactDetails, create_contact
from contacts.models import MailIndex, TimelineEntry
from contacts.queries import mail_found
from crm_project.bench import mailbox as generator
from inboxes.models import Inbox, LedgerEntry, Message
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from inboxes.sync.rereading import read_again
from logging_rules.actions import erase_expired, undo_unlogging, unlog
from logging_rules.models import Tombstone, UnloggedSighting
from logging_rules.unlogging import Selection, preview
from tests.acceptance.commands import connect, run, status, sync
from tests.acceptance.kept import everything_kept
from tests.factories.inboxes import SARAH, Clock, connected_inbox, mail_bytes, sync_until_quiet

KEN = "ken@harbour.example"
MANY, OTHERS = 500, 20
WEEK = timedelta(days=7)


SECRET = "quokka7f3"


def stored_files():
    return sum(path.is_file() for path in Path(settings.MEDIA_ROOT).rglob("*"))


def numbers(person, inbox):
    """Everything that must be right at each step."""
    told = completeness(inbox)
    return {
        "messages": Message.objects.visible_to(person).count(),
        "entries": TimelineEntry.objects.count(),
        "indexed": MailIndex.objects.count(),
        "found": mail_found(person, "harbour").count(),
        "ledger": LedgerEntry.objects.count(),
        "logged": told.logged,
        "counts": told.counts,
        "tombstones": Tombstone.objects.count(),
        "stored": Message.objects.count(),
        "files": stored_files(),
    }


def test_five_hundred_mails_are_un_logged_undone_un_logged_again_and_erased(
    db, alice, time_machine, django_capture_on_commit_callbacks
):
    mailbox, clock = MemoryMailbox(page_messages=200), Clock(timezone.now())
    for name, email in (("Sarah", SARAH), ("Ken", KEN)):
        create_contact(by=alice, details=ContactDetails(name=name, emails=[email]))
    for number in range(MANY):
        mailbox.deliver(mail_bytes(KEN, subject=f"Harbour {number}", message_id=f"<{number}@harbour.example>"))
    for number in range(OTHERS):
        mailbox.deliver(mail_bytes(subject=f"Quote {number}", message_id=f"<{number}@meridian.example>"))
    inbox = connected_inbox(alice)
    sync_until_quiet(inbox, mailbox, clock)
    everything = numbers(alice, inbox)
    rest = everything | {
        "messages": OTHERS, "entries": OTHERS, "indexed": OTHERS, "found": 0, "ledger": OTHERS, "logged": OTHERS,
        "counts": {"unlogged_by_owner": MANY, "known_contact_incoming": OTHERS}, "tombstones": MANY,
    }  # fmt: skip
    assert (everything["messages"], everything["found"], everything["files"]) == (MANY + OTHERS, MANY, MANY + OTHERS)

    selection = Selection(inbox=inbox, domain="harbour.example")
    shown = preview(selection, viewer=selection.inbox.owner)
    assert (shown.mails, shown.disappearing, shown.entries, shown.index_rows) == (MANY, MANY, MANY, MANY)
    unlogging = unlog(selection=selection, by=alice, now=clock())
    assert numbers(alice, inbox) == rest
    read_again(inbox.pk, now=clock())
    sync_until_quiet(inbox, mailbox, clock)
    assert numbers(alice, inbox) == rest

    undo_unlogging(unlogging=unlogging, by=alice, now=clock())
    assert numbers(alice, inbox) == everything
    assert mailbox.body_bytes.total() > 0
    bodies = mailbox.calls["bodies"]
    read_again(inbox.pk, now=clock())
    sync_until_quiet(inbox, mailbox, clock)
    assert (numbers(alice, inbox), mailbox.calls["bodies"]) == (everything, bodies)

    unlog(selection=selection, by=alice, now=clock())
    time_machine.move_to(clock() + WEEK, tick=False)
    with django_capture_on_commit_callbacks(execute=True):
        assert erase_expired(now=clock() + WEEK) == MANY
    erased = rest | {"stored": OTHERS, "files": OTHERS}
    assert numbers(alice, inbox) == erased
    assert UnloggedSighting.objects.count() == 0
    clock.pass_by(days=8)
    for again in (lambda: read_again(inbox.pk, now=clock()), mailbox.change_uidvalidity, lambda: clock.pass_by(days=2)):
        again()
        sync_until_quiet(inbox, mailbox, clock)
        assert numbers(alice, inbox) == erased

    told = AuditEvent.objects.about(inbox).filter(action__startswith="logging.unl").order_by("pk")
    assert [(event.action, event.details["messages"]) for event in told] == [
        ("logging.unlogged", MANY),
        ("logging.unlogging_undone", MANY),
        ("logging.unlogged", MANY),
        ("logging.unlogged_erased", MANY),
    ]
    assert "harbour" not in str([event.details for event in told])


def secret_mail(number):
    """Says the word wherever a mail can say something."""
    body = (
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>{SECRET} body</p>\r\n"
        f"--b\r\nContent-Type: text/plain; name={SECRET}.txt\r\n"
        f"Content-Disposition: attachment; filename={SECRET}.txt\r\n\r\n{SECRET} file\r\n--b--"
    )
    return mail_bytes(
        f"{SECRET} Ken <{KEN}>",
        generator.OWNER,
        f"{SECRET} {number}",
        body=body,
        message_id=f"<{number}.{SECRET}@harbour.example>",
        Content_Type="multipart/mixed; boundary=b",
        MIME_Version="1.0",
    )


def places_of_the_secret():
    return {place for place, content in everything_kept().items() if SECRET.encode() in content.lower()}


def test_by_the_commands_against_a_mail_server_nothing_of_an_erased_mail_is_left(
    transactional_db, alice, mailbox, time_machine, capfd
):
    for name, email in (("Sarah", SARAH), ("Ken", KEN)):
        create_contact(by=alice, details=ContactDetails(name=name, emails=[email]))
    for number in range(3):
        mailbox.deliver(secret_mail(number))
    mailbox.deliver(mail_bytes(SARAH, generator.OWNER, message_id="<1@meridian.example>"))
    connect(mailbox, "--preset", "known", "--now")
    assert {
        "inboxes_message",
        "inboxes_attachment",
        "inboxes_threadreference",
        "contacts_mailindex",
    } <= places_of_the_secret()
    assert len([place for place in places_of_the_secret() if "/mail/" in place]) == 3

    chosen = ("unlog", "mails", generator.OWNER, "--domain", "harbour.example")
    assert run(*chosen, "--dry-run")["disappearing"] == 3
    unlogging = run(*chosen)
    assert (unlogging["messages"], unlogging["state"], status()["logged"]) == (3, "pending", 1)
    assert run("unlog", "undo", str(unlogging["id"]))["state"] == "undone"
    unlogging = run(*chosen)
    verdict = run("privacy", "verify")
    assert (verdict["clean"], verdict["pending"], verdict["unlogged"]) == (True, 3, 3)

    time_machine.move_to(timezone.now() + timedelta(hours=1))
    assert run("unlog", "erase", str(unlogging["id"])) == {"erased": 3}

    assert places_of_the_secret() == set()
    assert [row["state"] for row in run("unlog", "list", generator.OWNER)] == ["erased", "undone"]
    read_again(Inbox.objects.get().pk, now=timezone.now())
    assert sync() == {"unlogged_by_owner": 3}
    assert places_of_the_secret() == set()
    assert SECRET not in "".join(capfd.readouterr()).lower()
    verdict = run("privacy", "verify")
    assert (verdict["clean"], verdict["pending"], verdict["unlogged"]) == (True, 0, 3)
    with pytest.raises(CommandError, match="This can no longer be undone"):
        run("unlog", "undo", str(unlogging["id"]))
