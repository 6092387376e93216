"""A mailbox of 2,000 mails under Dovecot with a token in every part of every mail. After all that can happen to it no token of a
mail that is not logged is anywhere, and those of logged mail are found where they belong, so that the search could have failed."""

import base64
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as configured
from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from crm_project.bench import mailbox as generator
from inboxes import files
from inboxes.models import Inbox, LedgerEntry, Message
from logging_rules.actions import erase_expired, set_inbox_policy, unlog
from logging_rules.changes import Change
from logging_rules.facts import Preset
from logging_rules.models import HeldMail
from logging_rules.slices import sync_slice
from logging_rules.unlogging import Selection
from tests.acceptance.commands import run
from tests.acceptance.connecting import connected
from tests.acceptance.kept import everything_kept
from tests.acceptance.test_crashes import let_its_lease_run_out, until_done
from tests.fakes.workers import DoomedWorker
from tests.people import signed_in

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = 2_000
PRIVATE, LOGGED, TAKEN_BACK = "zqprivate", "zqlogged", "zqtakenback"
WEEK = timedelta(days=8)


def mail(number: int) -> tuple[str, str, bytes]:
    """The word its tokens begin with, its folder, its bytes."""
    contact, stranger = generator.CONTACTS[number % 40], generator.STRANGERS[number % 400]
    sender, word, subject, folder, extra = stranger, PRIVATE, "Hello", "INBOX", ""
    match number % 20:
        case 0:
            sender, word = contact, LOGGED
        case 1:
            sender, word = contact, TAKEN_BACK
        case 2 | 3:
            sender, subject = contact, "Your salary"
        case 4:
            sender, extra = contact, "List-Id: <news.example>\r\n"
        case 5:
            sender = generator.COLLEAGUE
        case 6:
            sender, folder = contact, "Trash"
        case 7:
            sender, folder = contact, "CRM/Private"
    return word, folder, compose(f"{word}{number:05d}", sender, subject, extra)


def compose(token: str, sender: str, subject: str, extra: str) -> bytes:
    """A token of its own in the subject, the name, the Message-ID, the body, the name of a file and its content."""
    return (
        f'From: "{token}name" <{sender}>\r\nTo: {generator.OWNER}\r\nSubject: {subject} {token}subject\r\n'
        f"Message-ID: <{token}id@mail.example>\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n{extra}"
        "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=frontier\r\n\r\n"
        f"--frontier\r\nContent-Type: text/plain\r\n\r\nText {token}body\r\n"
        f'--frontier\r\nContent-Type: text/csv; name="{token}file.csv"\r\n'
        f'Content-Disposition: attachment; filename="{token}file.csv"\r\n\r\n{token}content\r\n--frontier--\r\n'
    ).encode()


@pytest.fixture
def inbox(workspace, alice, mailbox, dovecot):
    for number in range(MAILS):
        _, folder, raw = mail(number)
        mailbox.deliver(raw, folder)
    inbox = connected(alice, mailbox, port=dovecot.port)
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, hold_ambiguous=True, by=alice)
    return inbox


@pytest.fixture
def owner(alice):
    return signed_in(alice)


def spellings(word: str) -> tuple[list[bytes], list[bytes]]:
    """As text and as what tables, queues, addresses and originals make of text: in whatever case, and as it stands."""
    plain = word.encode()
    shifted = [base64.b64encode(bytes(shift) + plain)[4:-4] for shift in range(3)]
    return [plain, quote(word, safe="").encode(), plain.hex().encode(), word.encode("utf-16-le")], shifted


def places_of(word: str, kept: dict[str, bytes]) -> set[str]:
    in_any_case, as_it_stands = spellings(word)
    lowered = [spelling.lower() for spelling in in_any_case]
    return {
        place
        for place, content in kept.items()
        if any(spelling in content for spelling in as_it_stands) or any(map(content.lower().__contains__, lowered))
    }


def test_no_token_of_an_unlogged_mail_is_anywhere_whatever_happened(inbox, alice, bob, owner, mailbox, dovecot, capfd):
    preview_to_the_end(owner, inbox)
    crash(inbox)
    until_done(inbox)
    fail_to_sign_in(inbox, alice)
    ask_what_would_change(owner, inbox)
    hits = look_for_mail(owner, inbox)
    log_one_that_is_gone(owner, inbox, hits, mailbox)
    decide_about_held(owner, inbox)
    take_back(inbox, alice)
    break_a_page(owner, bob, inbox)
    until_done(inbox)

    kept = everything_kept() | {"log": "".join(capfd.readouterr()).encode()}
    assert places_of(PRIVATE, kept) == set()
    assert places_of(TAKEN_BACK, kept) == set()
    found = places_of(LOGGED, kept)
    assert {"inboxes_message", "inboxes_attachment", "inboxes_threadreference"} <= found
    assert any(place.startswith(str(configured.MEDIA_ROOT)) for place in found)
    assert Message.objects.count() == MAILS // 20
    assert run("privacy", "verify")["clean"]


def preview_to_the_end(owner, inbox):
    state = ""
    for _ in range(20):
        response = owner.post(reverse("inboxes:preview", args=[inbox.code]), {"state": state})
        assert response.context["problem"] is None
        if response.context["state"].scan.done:
            assert response.context["state"].scan.scanned == MAILS * 19 // 20
            return
        state = response.context["state"].signed()
    raise AssertionError("the preview does not come to an end")


def crash(inbox):
    """A worker dies in the middle of the first sync."""
    worker = DoomedWorker()
    try:
        assert worker.sync(inbox.pk, killed_at=25) == "killed"
    finally:
        worker.close()
    let_its_lease_run_out()


def fail_to_sign_in(inbox, alice):
    """A sync that fails leaves a cause and a log line."""
    credential = Inbox.objects.get(pk=inbox.pk).credential
    right, credential.secret = credential.secret, f"{PRIVATE}password"
    credential.save()
    assert sync_slice(inbox_id=inbox.pk, worker="test").outcome == "failed"
    credential.secret = right
    credential.save()
    let_its_lease_run_out()
    until_done(inbox)


def ask_what_would_change(owner, inbox):
    change = Change.of_inbox(inbox, hold_ambiguous=False)
    values = {"change": change.signed(), "inbox": str(inbox.code), "period": "all"}
    shown, state = "", ""
    for _ in range(20):
        response = owner.post(change.url, values | {"state": state})
        assert response.context["problem"] is None
        shown, state = shown + response.content.decode(), response.context["state"].signed()
        if response.context["state"].scan.done:
            break
    assert PRIVATE in shown  # mails that are held now and would be logged


def look_for_mail(owner, inbox):
    """For each of what can be asked; the tokens are shown to the owner, so they could have been kept."""
    address = reverse("inboxes:why-not", args=[inbox.code])
    for question in ({"who": f"{PRIVATE}00009name"}, {"subject": PRIVATE}, {}, {"since": "2026-01-01"}):
        response = owner.post(address, question)
        assert response.context["problem"] is None
        assert f"{PRIVATE}" in response.content.decode()
    further = owner.post(address, {"further": response.context["quest"].signed()})
    assert further.headers["Cache-Control"] == response.headers["Cache-Control"]
    assert "no-store" in further.headers["Cache-Control"]
    told = run("inbox", "why-not", generator.OWNER, "--subject", f"{PRIVATE}00009", "--since", "2026-01-01")
    assert [(one["fate"], one["code"]) for one in told] == [("skipped", "no_known_contact")]
    hits = owner.post(address, {"who": generator.STRANGERS[9]}).context["answer"].hits
    return [hit for hit in hits if hit.can_be_chosen]


def log_one_that_is_gone(owner, inbox, hits, mailbox):
    """Chosen by hand, deleted before it is fetched: it is tried again and again."""
    chosen = hits[0]
    owner.post(reverse("inboxes:log-by-hand", args=[inbox.code]), {"mail": [chosen.signed_key]})
    owner.post(reverse("inboxes:log-by-hand", args=[inbox.code]), {"mail": [chosen.signed_key], "confirmed": "yes"})
    delete(mailbox, chosen.envelope.message_id)
    until_done(inbox)
    assert LedgerEntry.objects.get(state="retrying").cause == "message_gone"


def delete(mailbox, message_id):
    for path in mailbox.folder("INBOX").glob("*/*"):
        if path.is_file() and message_id.encode() in path.read_bytes():
            Path(path).unlink()


def decide_about_held(owner, inbox):
    address = reverse("inboxes:waiting", args=[inbox.code])
    assert HeldMail.objects.count() == MAILS // 10
    look = owner.get(address).context["look"]
    owner.post(address, {"mail": [look.now[0].signed_key], "decision": "never"})
    owner.post(address, {"mail": [look.now[1].signed_key], "decision": "later"})
    assert (HeldMail.objects.count(), HeldMail.objects.filter(later=True).count()) == (MAILS // 10 - 1, 1)


def take_back(inbox, alice):
    keys = list(Message.objects.filter(subject__contains=TAKEN_BACK).values_list("pk", flat=True))
    assert len(keys) == MAILS // 20
    unlog(selection=Selection(inbox=inbox, message_ids=keys), by=alice, now=timezone.now() - WEEK)
    assert erase_expired(now=timezone.now()) == len(keys)
    # Files of the last minutes are left to the daily run: another worker may be about to use them.
    assert files.sweep(now=timezone.now() + timedelta(hours=1)) >= len(keys)


def break_a_page(owner, bob, inbox):
    """An error page and a refusal, both with what was searched for in the request."""
    owner.raise_request_exception = False
    with override_settings(ROOT_URLCONF="tests.crm_project.broken_urls"):
        broken = owner.post("/broken/", {"who": f"{PRIVATE}search"})
    assert (broken.status_code, PRIVATE in broken.content.decode()) == (500, False)
    refused = signed_in(bob).post(reverse("inboxes:why-not", args=[inbox.code]), {"who": f"{PRIVATE}search"})
    assert (refused.status_code, PRIVATE in refused.content.decode()) == (404, False)
