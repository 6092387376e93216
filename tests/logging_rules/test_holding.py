"""Private hold: mail the settings would log, but that may be private, waits for its owner's word."""

import pytest
from django.core.exceptions import PermissionDenied

from audit.models import AuditEvent
from inboxes.models import Inbox, InboxMember, LedgerEntry, Message
from inboxes.providers.memory import MemoryMailbox
from inboxes.queries import completeness
from inboxes.sync.redeciding import RemoteKey
from inboxes.sync.rereading import read_again
from logging_rules.actions import decide_later, keep_private, log_by_hand, set_inbox_policy
from logging_rules.ambiguity import Ambiguity, ambiguity_of, sensitive_pattern
from logging_rules.engine import Code, decide
from logging_rules.facts import Level, Preset, Setting
from logging_rules.models import HeldMail, WorkspacePolicy
from logging_rules.tombstones import identity_of
from logging_rules.waiting import count_waiting
from tests.factories.contacts import make_contact
from tests.factories.inboxes import NOW, SARAH, STRANGER, Clock, connected_inbox, mail_bytes, sync_until_quiet
from tests.factories.logging_rules import ALICE, BOB, facts, mail, policy, sent

WORDS = sensitive_pattern(["salary", "給与", "warning letter"])
FREE = "sarah@gmail.com"


# What is ambiguous


@pytest.mark.parametrize(
    ("envelope", "cause"),
    [
        (mail(subject="Your Ｓａｌａｒｙ in March"), Ambiguity.SENSITIVE_SUBJECT),
        (mail(subject="4月分の給与明細"), Ambiguity.SENSITIVE_SUBJECT),
        (mail(subject="A  warning\tletter"), Ambiguity.SENSITIVE_SUBJECT),
        (mail(subject="Salaryman magazine"), None),
        (mail(FREE), Ambiguity.PRIVATE_SENDER),
        (sent(FREE), None),
        (mail(SARAH, [ALICE, BOB]), Ambiguity.MIXED_PARTICIPANTS),
        (mail(SARAH, ALICE, cc=BOB), Ambiguity.MIXED_PARTICIPANTS),
        (mail(SARAH, [ALICE, STRANGER]), None),
        (mail(), None),
    ],
)
def test_headers_tell_what_may_be_private(envelope, cause):
    known = facts(envelope, contacts={SARAH: 1, FREE: 2}, sensitive=WORDS)
    assert ambiguity_of(envelope, known) == cause


def test_only_what_the_settings_would_log_is_held():
    hold = {"hold_ambiguous": Setting(True, Level.PERSON)}
    envelope = mail(subject="Salary")
    known = facts(envelope, sensitive=WORDS)

    held = decide(envelope, known, policy(**hold))
    assert (held.log, held.code, held.rule) == (False, Code.HELD_FOR_OWNER, "sensitive_subject")
    assert (held.level, held.matched_address) == (Level.PERSON, SARAH)
    assert decide(envelope, known, policy()).code is Code.KNOWN_CONTACT_INCOMING
    assert decide(envelope, known, policy(Preset.MANUAL, **hold)).code is Code.PRESET_TOO_NARROW
    stranger = mail(STRANGER, subject="Salary")
    assert decide(stranger, facts(stranger, sensitive=WORDS), policy(**hold)).code is Code.NO_KNOWN_CONTACT
    known.chosen_by_hand = {(envelope.folder_id, envelope.remote_id): 7}
    assert decide(envelope, known, policy(**hold)).code is Code.CHOSEN_BY_OWNER


# What the sync keeps of it


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def mailbox():
    return MemoryMailbox(now=NOW)


@pytest.fixture
def inbox(alice):
    make_contact("Sarah Okafor", SARAH)
    inbox = connected_inbox(alice)
    set_inbox_policy(inbox=inbox, hold_ambiguous=True, by=alice)
    return inbox


@pytest.fixture
def held(inbox, mailbox, clock):
    """The key of a mail that waits, beside one that was logged."""
    mailbox.deliver(mail_bytes(message_id="<plain@x>"), received_at=NOW)
    remote_id = mailbox.deliver(mail_bytes(subject="Your salary", message_id="<pay@x>"), received_at=NOW)
    sync_until_quiet(inbox, mailbox, clock)
    return RemoteKey("INBOX", remote_id, NOW.date(), Code.HELD_FOR_OWNER)


@pytest.mark.django_db
def test_a_held_mail_is_an_opaque_reference_and_its_body_is_not_fetched(inbox, mailbox, held):
    row = HeldMail.objects.values("inbox_id", "folder__remote_id", "remote_id", "cause", "later").get()
    assert row == {
        "inbox_id": inbox.pk, "folder__remote_id": "INBOX", "remote_id": held.remote_id,
        "cause": "sensitive_subject", "later": False,
    }  # fmt: skip
    assert held.remote_id not in mailbox.body_bytes
    assert completeness(inbox).counts == {"known_contact_incoming": 1, "held_for_owner": 1}
    assert list(Message.objects.values_list("subject", flat=True)) == ["Revised quote"]


@pytest.mark.django_db
def test_logging_it_takes_it_off_the_hold(inbox, mailbox, held, clock, alice):
    log_by_hand(inbox=inbox, keys=[held], by=alice, now=clock.now)
    assert not HeldMail.objects.exists()
    sync_until_quiet(inbox, mailbox, clock)

    assert Message.objects.filter(subject="Your salary").exists()
    assert completeness(inbox).counts == {"known_contact_incoming": 1, "chosen_by_owner": 1}


@pytest.mark.django_db
def test_keeping_it_private_is_for_good(inbox, mailbox, held, clock, alice):
    with mailbox.open() as provider:
        [envelope], _ = provider.envelopes(provider.folders()[0], [held.remote_id])
    assert keep_private(inbox=inbox, mails={held: identity_of(envelope)}, by=alice, now=clock.now) == 1
    sync_until_quiet(inbox, mailbox, clock)
    assert not HeldMail.objects.exists()
    assert completeness(inbox).counts == {"known_contact_incoming": 1, "unlogged_by_owner": 1}

    set_inbox_policy(inbox=inbox, hold_ambiguous=False, by=alice)
    read_again(inbox.pk, now=clock.now)
    sync_until_quiet(inbox, mailbox, clock)

    assert Message.objects.count() == 1
    assert AuditEvent.objects.get(action="logging.kept_private").details == {}


@pytest.mark.django_db
def test_later_leaves_it_held_also_when_the_mailbox_is_read_again(inbox, mailbox, held, clock, alice):
    assert decide_later(inbox=inbox, keys=[held], by=alice) == 1
    read_again(inbox.pk, now=clock.now)
    sync_until_quiet(inbox, mailbox, clock)

    assert HeldMail.objects.get().later


@pytest.mark.django_db
def test_it_is_held_no_longer_when_the_settings_ask_no_more(inbox, mailbox, held, clock, alice):
    set_inbox_policy(inbox=inbox, hold_ambiguous=False, by=alice)
    read_again(inbox.pk, now=clock.now)
    sync_until_quiet(inbox, mailbox, clock)

    assert not HeldMail.objects.exists()
    assert Message.objects.count() == 2


@pytest.mark.django_db
def test_a_mail_that_is_skipped_later_on_is_no_longer_held(inbox, mailbox, held, clock, alice):
    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)
    read_again(inbox.pk, now=clock.now)
    sync_until_quiet(inbox, mailbox, clock)

    assert not HeldMail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_references_follow_when_the_server_renumbers_the_folder(inbox, mailbox, held, clock):
    mailbox.change_uidvalidity()
    sync_until_quiet(inbox, mailbox, clock)

    row = HeldMail.objects.get()
    assert row.remote_id != held.remote_id
    with mailbox.open() as provider:
        [envelope], _ = provider.envelopes(provider.folders()[0], [row.remote_id])
    assert envelope.subject == "Your salary"
    assert LedgerEntry.objects.filter(state="logged").count() == 1


@pytest.mark.django_db
def test_only_the_owner_decides_and_sees_it(inbox, held, alice, bob, admin, clock):
    for person in (bob, admin):
        assert (HeldMail.objects.visible_to(person).exists(), count_waiting(person)) == (False, 0)
        with pytest.raises(PermissionDenied):
            decide_later(inbox=inbox, keys=[held], by=person)
        with pytest.raises(PermissionDenied):
            keep_private(inbox=inbox, mails={held: b"x"}, by=person, now=clock.now)
    assert HeldMail.objects.visible_to(alice).count() == count_waiting(alice) == 1
    Inbox.objects.update(kind="team")  # the owner is no member, the admin becomes one
    InboxMember.objects.create(inbox=inbox, person=admin)
    for person, waiting in ((alice, 0), (bob, 0), (admin, 1)):
        assert HeldMail.objects.visible_to(person).count() == count_waiting(person) == waiting


@pytest.mark.django_db
def test_a_new_workspace_begins_with_words_in_both_languages():
    assert {"salary", "給与", "診断", "パスワード"} <= set(WorkspacePolicy.objects.current().sensitive_words)
