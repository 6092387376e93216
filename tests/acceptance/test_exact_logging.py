"""A mailbox of 5,000 mails, by the real commands, against Dovecot: logged is exactly what each preset must log, and of the
other mail nothing is asked for, changed or kept."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError

from crm_project.bench import mailbox as generator
from inboxes.models import Folder, Inbox, Message
from tests.acceptance.commands import connect, run, status, sync
from tests.acceptance.connecting import fill
from tests.acceptance.expectations import expected
from tests.acceptance.kept import everything_kept

pytestmark = pytest.mark.django_db(transaction=True)

OLD = 5_000
MESSAGE_ID = re.compile(rb"<\d+\.[0-9a-f]+@[\w.]+>")


@pytest.fixture(scope="module")
def mails():
    return list(generator.generate(OLD + 10))


@pytest.fixture(scope="module")
def old(mails):
    return mails[:OLD]


@pytest.fixture(scope="module")
def new(mails):
    return mails[OLD:]


@pytest.fixture(scope="module")
def large_mailbox(running_dovecot, old):
    mailbox = running_dovecot.mailbox("large")
    fill(mailbox, old)
    return mailbox


def timelines():
    """Who has which e-mail on the timeline, as `contact timeline` tells; none twice."""
    found = []
    for email in generator.CONTACTS:
        entries = run("contact", "timeline", email)["entries"]
        found += [(entry["message_id"], email) for entry in entries]
    assert len(found) == len(set(found))
    return set(found)


def bodies_asked_for(commands):
    spans = [span for command in commands if "BODY.PEEK[]" in command for span in command.split()[2].split(",")]
    return sum(int(high or low) - int(low) + 1 for low, _, high in (span.partition(":") for span in spans))


@pytest.mark.parametrize("preset", ["manual", "replies", "known"])
def test_exactly_the_expected_mail_is_logged_and_nothing_is_kept_of_the_rest(
    workspace, large_mailbox, dovecot, preset, old, capfd
):
    wanted = expected(old, preset)
    assert len(wanted) > 20
    untouched = large_mailbox.fingerprint()

    connect(large_mailbox, "--preset", preset, "--now")

    assert timelines() == wanted
    assert set(Message.objects.values_list("message_id", flat=True)) == {message_id for message_id, _ in wanted}
    told = status()
    assert (told["status"], told["logged"], told["on_server"]) == ("active", len(wanted), OLD)
    assert (told["retrying"], told["quarantined"], told["completeness"]) == (0, 0, 1.0)
    assert sum(told["counts"].values()) == OLD
    commands = dovecot.commands()
    assert [command for command in commands if command.startswith(("SELECT", "UID STORE", "STORE", "FETCH"))] == []
    assert bodies_asked_for(commands) == len(wanted)
    assert large_mailbox.fingerprint() == untouched

    before = lasting(everything_kept())
    dovecot.forget_commands()
    assert sync() == {}
    # One STATUS for each folder, on its way together with LIST.
    words = [command.split()[0] for command in dovecot.commands()]
    assert sorted(word for word in words if word not in ("ID", "LOGOUT")) == [
        "LIST",
        *["STATUS"] * Folder.objects.count(),
    ]
    assert lasting(everything_kept()) == before

    assert all(generator.PRIVATE.encode() in mail.raw for mail in old if not mail.logged_by)
    private = {mail.message_id.encode() for mail in old if preset not in mail.logged_by}
    for place, content in [*everything_kept().items(), ("logs", "".join(capfd.readouterr()).encode())]:
        assert generator.PRIVATE.encode() not in content, place
        assert generator.PRIVATE.encode().hex().encode() not in content, place
        assert private.isdisjoint(MESSAGE_ID.findall(content)), place
    dovecot.forget_commands()
    verdict = run("privacy", "verify")
    assert (verdict["clean"], verdict["unlogged"]) == (True, OLD - len(wanted))
    # The headers of a folder are asked for in long pages, and nothing once more for each mail.
    assert len(dovecot.commands()) < 20

    # In a folder of this process: the broker is searched by other tests at the same time.
    log = Path(settings.DATA_DIR) / "web.log"
    log.write_text(next(mail.message_id for mail in old if preset not in mail.logged_by))
    with pytest.raises(CommandError, match=r"unlogged mail is kept: file web\.log$"):
        run("privacy", "verify")
    log.unlink()


@pytest.fixture
def ten_new_mails(large_mailbox, new):
    """Delivers them when called; they are gone again after the test."""
    delivered = []
    yield lambda: delivered.extend(fill(large_mailbox, new))
    for file in delivered:
        large_mailbox.delete(file)


def test_ten_new_mails_cost_one_short_sync(workspace, large_mailbox, new, ten_new_mails, dovecot):
    connect(large_mailbox, "--preset", "known", "--now")
    ten_new_mails()
    dovecot.forget_commands()

    counts = sync()

    logged = expected(new, "known")
    assert sum(counts.values()) == len(new)
    assert sum(number for code, number in counts.items() if code.startswith(("known", "reply", "chosen"))) == len(
        logged
    )
    assert logged <= timelines()
    commands = dovecot.commands()
    assert bodies_asked_for(commands) == len(logged)
    # One STATUS for each folder, one FETCH for each that has something new, one for the body, and the talk around it.
    assert len(commands) < 25


def test_a_wrong_password_connects_nothing_and_says_what_to_do(workspace, mailbox):
    with pytest.raises(CommandError, match="sign_in: "):
        connect(mailbox, password="wrong")
    assert not Inbox.objects.exists()


def lasting(kept):
    """Without what every check of the mailbox moves: its times and its lease."""
    rows = [
        list(model.objects.order_by("pk").values(*({field.attname for field in model._meta.concrete_fields} - moving)))
        for model, moving in ((Inbox, {"lease_fence", "live_synced_at", "next_due_at"}), (Folder, {"last_ok_at"}))
    ]
    return {place: content for place, content in kept.items() if place not in ("inboxes_inbox", "inboxes_folder")}, rows
