"""A team's mailbox of 300 mails, by the real commands, against Dovecot: all of it is stored, on timelines is what must be, and what
is searched for unlogged mail of personal inboxes finds nothing."""

import pytest

from contacts.models import TimelineEntry
from crm_project.bench import mailbox as generator
from inboxes.models import Inbox, Message, Sighting, TeamMail
from tests.acceptance.commands import connect, run, status, sync
from tests.acceptance.connecting import fill
from tests.acceptance.expectations import assert_days_sum_up, expected
from tests.acceptance.kept import everything_kept
from tests.factories.inboxes import mail_bytes
from tests.inboxes.sync.numbers import assert_counts_are_those_of_the_ledger, assert_threads_say_what_their_mails_say

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = list(generator.generate(300))
CONTACT = generator.CONTACTS[0]


def letter(number, **headers):
    return mail_bytes(CONTACT, generator.OWNER, f"Letter {number}", message_id=f"<letter{number}@m>", **headers)


def test_all_mail_of_a_team_is_stored_and_only_that_with_contacts_is_on_timelines(workspace, alice, mailbox, dovecot):
    alice.account_access = True
    alice.save()
    fill(mailbox, MAILS)
    mailbox.deliver(letter(1), "Junk")
    mailbox.deliver(letter(2, X_Spam_Flag="YES"))
    mailbox.deliver(letter(3), "Drafts")
    mailbox.deliver(letter(4), "Trash")
    untouched = mailbox.fingerprint()

    connect(mailbox, "--team", "--name", "Support", "--now")

    wanted = expected(MAILS, "known")
    stored = {mail.message_id for mail in MAILS} | {"<letter1@m>", "<letter2@m>"}
    listed = dict(TeamMail.objects.values_list("message__message_id", "filtered"))
    assert set(Message.objects.values_list("message_id", flat=True)) == set(listed) == stored
    on_timelines = TimelineEntry.objects.values_list("message__message_id", "contact__addresses__email")
    assert sorted(on_timelines) == sorted(wanted)
    assert set(Sighting.objects.values_list("message__message_id", flat=True)) == {key for key, _ in wanted}
    assert {key for key, cause in listed.items() if cause == "spam"} == {"<letter1@m>", "<letter2@m>"}
    assert sum(cause == "automatic" for cause in listed.values()) == sum(b"List-Id" in mail.raw for mail in MAILS)
    told = status()
    assert (told["logged"], told["retrying"], told["quarantined"], told["completeness"]) == (len(wanted), 0, 0, 1.0)
    assert sum(told["counts"].values()) == len(stored)
    assert_threads_say_what_their_mails_say()
    assert_counts_are_those_of_the_ledger()
    assert_days_sum_up(Inbox.objects.get())
    assert mailbox.fingerprint() == untouched
    assert run("privacy", "verify")["findings"] == []

    before = everything_kept().keys(), list(TeamMail.objects.order_by("pk").values())
    dovecot.forget_commands()
    assert sync() == {}
    assert not [command for command in dovecot.commands() if "BODY" in command]
    assert (everything_kept().keys(), list(TeamMail.objects.order_by("pk").values())) == before
