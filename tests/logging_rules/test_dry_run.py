"""The dry run: counts for each preset at once, samples for the owner, nothing kept."""

from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.core import signing

from contacts.models import Contact
from inboxes.models import Inbox, ProviderKind, ThreadReference
from inboxes.providers.memory import MemoryMailbox, MemoryProvider
from logging_rules.actions import set_inbox_policy
from logging_rules.dry_run import DryRunState, DryRunStep, scan_step
from logging_rules.engine import Code
from logging_rules.facts import Preset
from logging_rules.models import MarkSettings, WorkspacePolicy
from tests.factories.contacts import log_mail, make_contact, make_inbox

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
WINDOW = NOW - timedelta(days=30)


def deliver(mailbox: MemoryMailbox, number: int, from_: str, to: str, folder: str = "INBOX", more: str = "") -> None:
    received_at = NOW - timedelta(days=number)
    mailbox.deliver(
        (
            f"From: {from_}\r\nTo: {to}\r\nSubject: secret subject {number}\r\n{more}"
            f"Date: {received_at:%a, %d %b %Y %H:%M:%S +0000}\r\nMessage-ID: <{number}@x.example>\r\n\r\nsecret text\r\n"
        ).encode(),
        folder,
        received_at=received_at,
    )


@pytest.fixture
def inbox(alice) -> Inbox:
    WorkspacePolicy.objects.current()
    return make_inbox(alice, "alice@mail.example")


@pytest.fixture
def mailbox() -> MemoryMailbox:
    """Three pages of INBOX and one of Sent; Sarah is a contact."""
    make_contact("Sarah Okafor", "sarah@meridian.example")
    mailbox = MemoryMailbox(page_messages=2, now=NOW)
    for number in (5, 4, 3):
        deliver(mailbox, number, "Friend <friend@private.example>", "alice@mail.example")
    deliver(mailbox, 2, "Sarah Okafor <sarah@meridian.example>", "alice@mail.example")
    deliver(mailbox, 1, "news@shop.example", "alice@mail.example", more="List-Id: <news.shop.example>\r\n")
    deliver(mailbox, 6, "alice@mail.example", "sarah@meridian.example", "Sent")
    deliver(mailbox, 90, "alice@mail.example", "sarah@meridian.example", "Sent")
    return mailbox


def run(
    mailbox: MemoryMailbox, inbox: Inbox, *, since: datetime | None = WINDOW
) -> tuple[list[DryRunStep], DryRunState]:
    """To the end, through the browser's hands after each step."""
    steps, text = [], DryRunState.start(inbox, since=since).signed()
    while True:
        steps.append(scan_step(mailbox.open(), inbox, DryRunState.from_signed(text, inbox)))
        text = steps[-1].state.signed()
        if steps[-1].state.scan.done:
            return steps, steps[-1].state


def test_every_message_is_counted_once_under_each_preset(mailbox, inbox):
    _, state = run(mailbox, inbox)

    skipped = {Code.NO_KNOWN_CONTACT: 3, Code.AUTOMATIC_MAIL: 1}
    assert state.scan.scanned == 6
    assert state.counts == {
        Preset.MANUAL: skipped | {Code.PRESET_TOO_NARROW: 2},
        Preset.REPLIES: skipped | {Code.PRESET_TOO_NARROW: 2},
        Preset.KNOWN: skipped | {Code.KNOWN_CONTACT_INCOMING: 1, Code.KNOWN_CONTACT_OUTGOING: 1},
    }


def test_all_of_the_past_is_counted_when_asked_for(mailbox, inbox):
    assert run(mailbox, inbox, since=None)[1].counts[Preset.KNOWN][Code.KNOWN_CONTACT_OUTGOING] == 2


def test_answers_of_people_who_are_no_contacts_count_although_nothing_is_logged_by_rules_yet(mailbox, inbox, alice):
    """At a provider that shows only mail of people we name."""
    Inbox.objects.update(provider=ProviderKind.GMAIL)
    inbox.refresh_from_db()
    mailbox.sifts = True
    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)
    to_both = [["to", "alice@mail.example", "Alice"], ["cc", "friend@private.example", "Friend"]]
    first = {"recipients": to_both, "message_id": "<chosen@x.example>", "sent_at": NOW - timedelta(days=9)}
    thread = log_mail(Contact.objects.get(), owner=alice, **first).thread
    ThreadReference.objects.create(thread=thread, message_id="<chosen@x.example>")
    answer = "In-Reply-To: <chosen@x.example>\r\n"
    deliver(mailbox, 7, "friend@private.example", "alice@mail.example", more=answer)

    counts = run(mailbox, inbox)[1].counts

    assert {preset: counts[preset].get(Code.REPLY_TO_LOGGED, 0) for preset in Preset} == {
        Preset.MANUAL: 0, Preset.REPLIES: 1, Preset.KNOWN: 1
    }  # fmt: skip


def test_a_mark_that_the_owner_has_named_otherwise_is_not_sifted(mailbox, inbox):
    Inbox.objects.update(provider=ProviderKind.GMAIL)
    inbox.refresh_from_db()
    mailbox.sifts = True
    MarkSettings.objects.create(inbox=inbox, log_name="顧客")
    mailbox.create_folder("顧客")
    deliver(mailbox, 7, "friend@private.example", "alice@mail.example", "顧客")
    _, state = run(mailbox, inbox)
    assert [counts[Code.CHOSEN_BY_OWNER] for counts in state.counts.values()] == [1, 1, 1]


def test_a_paused_inbox_can_be_tried_out(mailbox, inbox):
    inbox.status = "paused"

    assert run(mailbox, inbox)[1].counts[Preset.KNOWN][Code.KNOWN_CONTACT_INCOMING] == 1


def test_samples_show_real_mail_and_what_each_preset_does_with_it(mailbox, inbox):
    steps, _ = run(mailbox, inbox)

    samples = {sample.subject: sample for step in steps for sample in step.samples}
    sarahs = samples["secret subject 2"]
    assert (sarahs.sender, sarahs.sent_at, sarahs.outgoing) == ("Sarah Okafor", NOW - timedelta(days=2), False)
    assert sarahs.codes == {
        Preset.MANUAL: Code.PRESET_TOO_NARROW,
        Preset.REPLIES: Code.PRESET_TOO_NARROW,
        Preset.KNOWN: Code.KNOWN_CONTACT_INCOMING,
    }
    assert sarahs.logged_by == {Preset.KNOWN}
    assert samples["secret subject 6"].outgoing is True


def test_there_are_only_a_few_samples_for_each_outcome(inbox):
    mailbox = MemoryMailbox(page_messages=50, now=NOW)
    for number in range(20):
        deliver(mailbox, number, "friend@private.example", "alice@mail.example")

    (sampled, *_), _ = run(mailbox, inbox)

    assert [sample.subject for sample in sampled.samples] == ["secret subject 0", "secret subject 1"]


def test_nothing_is_stored_and_no_body_is_read(mailbox, inbox):
    def rows() -> dict[str, int]:
        return {model._meta.label: model._default_manager.count() for model in apps.get_models()}

    before = rows()
    steps, _ = run(mailbox, inbox)

    assert any(step.samples for step in steps)
    assert rows() == before
    assert mailbox.body_bytes == {}


def test_the_browser_holds_nothing_of_the_mail(mailbox, inbox):
    mailbox.create_folder("My divorce")
    deliver(mailbox, 7, "lawyer@private.example", "alice@mail.example", "My divorce")

    for step in run(mailbox, inbox)[0]:
        held = str(signing.loads(step.state.signed(), salt="logging_rules.dry_run"))
        assert not any(word in held for word in ("secret", "example", "divorce", "Sarah"))


def test_a_changed_or_foreign_text_is_refused(mailbox, inbox, bob):
    text = DryRunState.start(inbox, since=None).signed()

    with pytest.raises(signing.BadSignature):
        DryRunState.from_signed(text + "x", inbox)
    with pytest.raises(signing.BadSignature):
        DryRunState.from_signed(text, make_inbox(bob))


def test_a_folder_that_vanishes_or_is_renumbered_meanwhile_does_not_stop_the_scan(mailbox, inbox):
    first = scan_step(mailbox.open(), inbox, DryRunState.start(inbox, since=None))
    mailbox.change_uidvalidity()

    second = scan_step(mailbox.open(), inbox, first.state)
    third = scan_step(mailbox.open(), inbox, second.state)

    assert [step.state.scan.scanned for step in (first, second, third)] == [2, 2, 4]
    assert scan_step(mailbox.open(), inbox, third.state).state.scan.done is True


def test_a_step_costs_the_same_queries_for_2_and_50_messages(mailbox, inbox, django_assert_max_num_queries):
    def step() -> int:
        with django_assert_max_num_queries(20) as captured:
            scan_step(MemoryProvider(mailbox), inbox, DryRunState.start(inbox, since=None))
        return len(captured)

    few = step()
    for number in range(10, 60):
        deliver(mailbox, number, f"{number}@private.example", "alice@mail.example")
    mailbox.page_messages = 50
    assert step() == few
