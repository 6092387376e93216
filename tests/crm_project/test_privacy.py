"""`privacy verify`: clean after a sync, and not to be fooled wherever something of unlogged mail is kept."""

import base64
import bz2
import gzip
import io
import json
import uuid
import zlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from redis import Redis

from audit.actions import record
from contacts import search as word_search
from contacts.actions import ContactDetails, add_note, create_contact
from contacts.models import MailIndex
from crm_project.celery import app
from crm_project.privacy.verification import verify
from inboxes import files
from inboxes.models import (
    Attachment,
    Folder,
    HandledPage,
    Inbox,
    InboxKind,
    LedgerEntry,
    Message,
    Sighting,
    Thread,
    ThreadReference,
)
from inboxes.providers.base import ReconnectRequired
from inboxes.providers.memory import MemoryMailbox
from logging_rules.actions import add_never_log_entry, erase_expired, unlog
from logging_rules.models import Unlogging
from logging_rules.unlogging import Selection
from notifications.models import Notification
from tests.factories.inboxes import ALICE, NOW, SARAH, Clock, connected_inbox, mail_bytes, sync_until_quiet, team_inbox

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Secret:
    """A private mail. Fresh words for each test: other processes of the test run use the same broker."""

    subject: str
    sender: str
    name: str
    message_id: str

    @property
    def address(self) -> str:
        return f"{self.name} <{self.sender}>"


@pytest.fixture
def secret():
    word = uuid.uuid4().hex[:10]
    return Secret(
        f"検査の結果 about {word}",
        f"clinic-{word}@hospital.example",
        f"Dr. Ito {word}",
        f"<{word}.1@mx.hospital.example>",
    )


@pytest.fixture
def logged_word():
    return f"Quote {uuid.uuid4().hex[:10]}"


@pytest.fixture
def server(secret, logged_word):
    server = MemoryMailbox(now=NOW)
    server.deliver(mail_bytes(secret.address, subject=secret.subject, message_id=secret.message_id, date=NOW))
    server.deliver(
        mail_bytes(
            f"Sarah Okafor <{SARAH}>", subject=logged_word, message_id=f"<{logged_word.split()[1]}@meridian.example>"
        )
    )
    return server


@pytest.fixture
def inbox(alice, server):
    create_contact(by=alice, details=ContactDetails(name="Sarah Okafor", emails=[SARAH]))
    inbox = connected_inbox(alice)
    sync_until_quiet(inbox, server, Clock())
    assert Message.objects.count() == 1
    return inbox


@pytest.fixture
def look(inbox, server):
    """The places where something is found, and how often."""

    def look(**options):
        verdict = verify(open_provider=lambda _: server.open(), **options)
        assert (verdict.mails, verdict.unread) == (sum(len(f.messages) for f in server.folders.values()), {})
        return {finding.place: finding.times for finding in verdict.findings}

    return look


@pytest.fixture
def broker():
    with Redis.from_url(settings.REDIS_URL) as broker:
        broker.flushdb()
        yield broker
        broker.flushdb()


@pytest.fixture
def data_file(request):
    path = Path(settings.DATA_DIR) / "logs" / f"{request.node.name[:20]}.log"
    path.parent.mkdir(exist_ok=True)
    yield path
    path.unlink(missing_ok=True)


def test_nothing_is_found_after_a_sync(look):
    assert look() == {}


def test_only_headers_are_read_and_nothing_is_changed(look, server):
    before = (dict(server.body_bytes), Folder.objects.values().first())
    look()
    assert (dict(server.body_bytes), Folder.objects.values().first()) == before


def test_mail_that_the_owner_logs_meanwhile_is_no_finding(look, server, alice, secret):
    create_contact(by=alice, details=ContactDetails(name="Clinic", emails=[secret.sender]))
    assert look() == {}


DATABASE = {
    "a text": ("contacts_contact.phone", lambda s: _contact(phone=f"of {s.sender}")),
    "a note": ("contacts_note.body", lambda s: _note(f"“{s.subject.upper()}”")),
    "a list": ("inboxes_inbox.aliases", lambda s: _update(Inbox, aliases=[s.subject])),
    "json": ("audit_auditevent.details", lambda s: record(by=None, action="x", target=_inbox(), details={"a": [s.subject]})),
    "json of a folder": ("inboxes_folder.counts", lambda s: Folder.objects.filter(name="Sent").update(counts={s.sender: 1})),
    "bytes": ("inboxes_handledpage.digests", lambda s: _page(s.message_id.encode())),
    "compressed bytes": ("inboxes_handledpage.digests", lambda s: _page(zlib.compress(s.subject.encode()))),
    "bytes in shift_jis": ("inboxes_handledpage.digests", lambda s: _page(s.subject.encode("cp932"))),
    "a key": ("inboxes_ledgerentry.remote_id", lambda s: _update(LedgerEntry, remote_id=s.message_id)),
    "a session": ("django_session.session_data", lambda s: _session(s.subject)),
    "a large session": ("django_session.session_data", lambda s: _session(s.sender + " " * 5000)),
    "a notification": ("notifications_notification.context", lambda s: _notification(s.name)),
    "the address of a page": ("notifications_notification.url", lambda s: _update_notification(url=f"/?q={quote(s.subject)}")),
    "a search index": ("contacts_mailindex.search", lambda s: _update(MailIndex, search=word_search.vector([s.subject]))),
    "an index of addresses": ("contacts_mailindex.search", lambda s: _update(MailIndex, search=word_search.vector([s.sender]))),
    "a logged mail's row": ("inboxes_message.snippet", lambda s: _update(Message, snippet=s.subject)),
    "a logged mail's recipients": ("inboxes_message.recipients", lambda s: _update(Message, recipients=[["to", s.sender, ""]])),
    "a sighting": ("inboxes_sighting.matched_address", lambda s: _update(Sighting, matched_address=s.sender)),
    "a file name": ("inboxes_attachment.filename", lambda s: _attachment(f"{s.subject}.pdf")),
    "a thread": ("inboxes_threadreference.message_id", lambda s: _reference(s.message_id)),
    "a typed entry that says more": ("logging_rules_neverlogentry.note", lambda s: _never_log(s.sender, s.subject)),
}  # fmt: skip


@pytest.mark.parametrize("case", DATABASE)
def test_a_leak_into_the_database_is_found(look, alice, secret, case):
    place, plant = DATABASE[case]
    plant(secret)
    assert look() == {place: 1}


def test_a_leak_into_a_table_that_no_app_knows_is_found(look, secret):
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA elsewhere CREATE TABLE copies (content json, words varchar[])")
        cursor.execute("INSERT INTO elsewhere.copies VALUES (%s, %s)", [json.dumps(secret.subject), [secret.name]])
    try:
        assert look() == {"elsewhere.copies.content": 1, "elsewhere.copies.words": 1}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA elsewhere CASCADE")


BROKER = {
    "string": lambda b, s: b.set("k", f"x{s.subject}y"),
    "list": lambda b, s: b.rpush("k", "first", s.sender),
    "hash": lambda b, s: b.hset("k", "field", s.name),
    "set": lambda b, s: b.sadd("k", s.message_id),
    "zset": lambda b, s: b.zadd("k", {s.sender: 1}),
    "stream": lambda b, s: b.xadd("k", {"field": s.subject}),
}


@pytest.mark.parametrize("kind", BROKER)
def test_a_leak_into_the_broker_is_found(look, broker, secret, kind):
    BROKER[kind](broker, secret)
    assert look() == {f"broker database {_number(broker)}: {kind} k": 1}


def test_a_leak_into_the_name_of_a_key_is_found_and_not_repeated(look, broker, secret):
    broker.set(f"seen:{secret.sender}", "1")
    assert look() == {f"broker database {_number(broker)}: the name of a string key": 1}


def test_a_leak_into_another_database_of_the_broker_is_found(look, broker, secret):
    with Redis.from_url(settings.REDIS_URL.rpartition("/")[0] + "/15") as other:
        other.set("k", secret.subject, ex=60)
        try:
            assert look() == {"broker database 15: string k": 1}
        finally:
            other.delete("k")


def test_a_leak_into_the_cache_is_found(look, broker, secret):
    cache.set("page", {"subject": secret.subject}, timeout=60)
    assert look() == {f"broker database {_number(broker)}: string :1:page": 1}


def test_a_leak_into_the_arguments_of_a_task_is_found(look, broker, secret):
    app.send_task("logging_rules.tasks.sync_inbox", kwargs={"subject": secret.subject}, queue="backfill")
    assert look() == {f"broker database {_number(broker)}: list backfill": 1}


FILES = {
    "plain": lambda text: text.encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "base64": lambda text: base64.encodebytes(text.encode() * 3),
    "escaped": lambda text: json.dumps({"event": text}).encode(),
    "iso-2022-jp": lambda text: text.encode("iso2022_jp"),
    "in the middle of much": lambda text: b"." * 4090 + text.encode() + b"." * 9000,
}


@pytest.mark.parametrize("form", FILES)
def test_a_leak_into_a_log_is_found(look, data_file, secret, form, monkeypatch):
    monkeypatch.setattr("crm_project.privacy.files.PART", 4096)
    data_file.write_bytes(FILES[form](f"12:00 INFO {secret.subject} said {secret.sender}"))
    assert look() == {f"file logs/{data_file.name}": 1}


@pytest.mark.parametrize("form", FILES)
def test_a_leak_into_the_files_of_mail_is_found(look, secret, form):
    key = files.store(FILES[form](f"Subject: {secret.subject}\r\n\r\n"))
    path = _path_of(key)
    try:
        assert look() == {f"file media/{path.relative_to(settings.MEDIA_ROOT)}": 1}
    finally:
        path.unlink()


def test_a_leak_into_a_file_somewhere_in_media_is_found(look, secret):
    name = storages["default"].save("exports/all.csv", ContentFile(secret.name.encode()))
    try:
        assert look() == {"file media/exports/all.csv": 1}
    finally:
        storages["default"].delete(name)


def test_a_leak_into_a_file_that_is_named_is_found(look, secret, tmp_path):
    log = tmp_path / "web.log"
    log.write_text(f"GET /?q={quote(secret.sender)}")
    assert look() == {}
    assert look(also=[log]) == {"file web.log": 1}


def test_another_mails_bytes_under_a_logged_mail_are_found(look, server, secret):
    """What a mix-up of bodies would leave: everything refers to everything as it should, only it is not that mail."""
    wrong = next(iter(server.folders["INBOX"].messages.values())).raw
    key = files.store(wrong)
    Message.objects.update(raw_key=key)
    path = _path_of(key)
    try:
        assert look() == {f"file media/{path.relative_to(settings.MEDIA_ROOT)}": 1}
    finally:
        path.unlink()


def test_a_stored_mail_that_no_inbox_holds_is_found(look, server, secret):
    Sighting.objects.all().delete()
    LedgerEntry.objects.all().delete()
    found = look()
    assert {"inboxes_message.subject", "inboxes_message.message_id", "contacts_mailindex.search"} <= found.keys()


def test_an_un_logged_mail_is_accepted_where_it_is_kept_as_long_as_it_can_be_undone(
    look, server, inbox, logged_word, time_machine, django_capture_on_commit_callbacks
):
    unlogging = unlog(selection=Selection(inbox=inbox), by=inbox.owner, now=timezone.now())
    assert look() == {}
    assert verify(open_provider=lambda _: server.open()).pending == 1
    Folder.objects.update(name=logged_word)
    assert list(look()) == ["inboxes_folder.name"]

    Folder.objects.update(name="INBOX")
    Unlogging.objects.filter(pk=unlogging.pk).update(expires_at=timezone.now())
    assert {"inboxes_message.subject", "inboxes_message.message_id"} <= look().keys()

    time_machine.move_to(timezone.now() + timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        erase_expired(now=timezone.now())
    assert look() == {}


def test_what_a_logged_mail_says_about_others_is_no_finding(look, server, alice, secret, inbox):
    """A customer mentions the clinic, answers a private mail, and encloses it."""
    file = base64.encodebytes(f"{secret.subject} {secret.sender}".encode()).decode()
    body = (
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nAsk {secret.name}.\r\n> {secret.subject}\r\n"
        f"--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{file}\r\n--b--"
    )
    server.deliver(
        mail_bytes(
            subject=f"Fwd: {secret.subject}",
            body=body,
            message_id="<2@meridian.example>",
            References=secret.message_id,
            Cc=secret.address,
            MIME_Version="1.0",
            Content_Type="multipart/mixed; boundary=b",
        )
    )
    sync_until_quiet(inbox, server, Clock(NOW.replace(hour=14)))
    assert Message.objects.count() == 2
    assert ThreadReference.objects.filter(message_id=secret.message_id).exists()
    assert look() == {}


def test_what_a_logged_mail_says_stands_with_it_and_nowhere_else(look, server, logged_word):
    """The same subject is on a private mail as well."""
    server.deliver(mail_bytes("aunt@family.example", subject=f"Re: {logged_word}", message_id="<p@family.example>"))
    _contact(phone=logged_word)
    assert look() == {"contacts_contact.phone": 1}


def test_what_people_typed_themselves_can_be_passed_over(look, alice, secret):
    add_never_log_entry(text=secret.sender, by=alice, owner=alice)
    assert look() == {}
    _note(secret.subject)
    assert look(excepted=["contacts_note.body"]) == {}


def test_a_mailbox_that_cannot_be_read_makes_no_clean_verdict(inbox, server):
    server.standing_fault = ReconnectRequired()
    verdict = verify(open_provider=lambda _: server.open())
    assert (verdict.is_clean, verdict.findings, verdict.unread) == (False, [], {inbox.pk: "sign_in_refused"})


def test_inboxes_that_are_not_connected_are_told(inbox, server):
    Inbox.objects.update(status="disabled")
    verdict = verify(open_provider=lambda _: server.open())
    assert (verdict.is_clean, verdict.not_connected, verdict.mails) == (True, [inbox.pk], 0)


def test_the_command_fails_when_an_inbox_cannot_be_opened(inbox):
    """There is no server behind this one."""
    out = io.StringIO()
    with pytest.raises(CommandError, match="Not every connected inbox could be read"):
        call_command("privacy", "verify", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["clean"], told["unread"]) == (False, {str(inbox.pk): "credential_missing"})


def test_the_command_refuses_a_path_that_is_not_there(inbox):
    with pytest.raises(CommandError, match=r"There is no /no/such\.log"):
        call_command("privacy", "verify", "--also", "/no/such.log", stdout=io.StringIO())


def _inbox():
    return Inbox.objects.get()


def _number(broker):
    return broker.get_connection_kwargs().get("db", 0)


def _path_of(key):
    (path,) = Path(settings.MEDIA_ROOT).rglob(key)
    return path


def _update(model, **fields):
    assert model.objects.update(**fields) == model.objects.count() == 1


def _contact(**fields):
    create_contact(by=None, details=ContactDetails(name="Aoki", **fields))


def _note(body):
    add_note(by=_inbox().owner, contact=_sarah(), body=body, now=NOW)


def _sarah():
    from contacts.models import Contact

    return Contact.objects.get(name="Sarah Okafor")


def _page(digests):
    HandledPage.objects.all().delete()
    HandledPage.objects.create(folder=Folder.objects.first(), digests=digests)


def _session(text):
    session = SessionStore()
    session["text"] = text
    session.save()


def _notification(text):
    Notification.objects.create(recipient=_inbox().owner, kind="x", episode="x", context={"who": text})


def _update_notification(**fields):
    _notification("nobody")
    _update(Notification, **fields)


def _attachment(filename):
    Attachment.objects.create(
        message=Message.objects.get(), position=0, filename=filename, content_type="text/plain", size=1
    )


def _reference(message_id):
    ThreadReference.objects.create(thread=Thread.objects.get(), message_id=message_id)


def _never_log(address, note):
    add_never_log_entry(text=address, note=note, by=_inbox().owner, owner=_inbox().owner)


class TestTeamInboxes:
    @pytest.fixture
    def found(self, server):
        def found():
            return {finding.place for finding in verify(open_provider=lambda _: server.open(with_junk=True)).findings}

        return found

    @pytest.fixture
    def team(self, alice, bob):
        create_contact(by=alice, details=ContactDetails(name="Sarah Okafor", emails=[SARAH]))
        return team_inbox(alice, bob, address=ALICE)

    def test_mail_that_a_team_has_in_its_list_is_no_finding(self, team, server, found, secret):
        sync_until_quiet(team, server, Clock())

        assert Message.objects.filter(message_id=secret.message_id, sightings=None).exists()
        assert found() == set()

    def test_a_personal_inbox_has_no_list(self, team, server, found):
        sync_until_quiet(team, server, Clock())
        _update(Inbox, kind=InboxKind.PERSONAL)

        assert {"inboxes_message.subject", "contacts_mailindex.search"} <= found()

    def test_what_a_team_must_not_keep_is_looked_for(self, team, server, found, admin, secret):
        add_never_log_entry(by=admin, owner=None, text=secret.sender, covers_team=True)
        sync_until_quiet(team, server, Clock())
        assert found() == set()

        _update(Message, snippet=secret.subject)

        assert found() == {"inboxes_message.snippet"}
