"""The dry run of a change: more, fewer, with whom and why; page by page, nothing kept, what a person chose left alone."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.core import signing

from inboxes.models import Sighting
from inboxes.providers.memory import MemoryMailbox
from logging_rules.actions import add_never_log_entry, set_inbox_policy
from logging_rules.changes import Change, Entry
from logging_rules.engine import Code
from logging_rules.facts import NeverLogKind, NeverLogScope, Preset
from logging_rules.what_if import SALT, Sample, WhatIf, what_if_step
from tests.factories.contacts import make_contact
from tests.factories.inboxes import ALICE, NOW, SARAH, STRANGER, Clock, connected_inbox, mail_bytes, sync_until_quiet

pytestmark = pytest.mark.django_db
OMAR = "omar@aozora.example"


@pytest.fixture
def mailbox() -> MemoryMailbox:
    """Sarah wrote twice and Omar once; Alice answered Sarah; a stranger and a newsletter wrote."""
    mailbox = MemoryMailbox(page_messages=3, now=NOW)
    deliver(mailbox, 1, SARAH, ALICE)
    deliver(mailbox, 2, ALICE, SARAH, folder="Sent", In_Reply_To="<1@x>")
    deliver(mailbox, 3, OMAR, ALICE)
    deliver(mailbox, 4, STRANGER, ALICE)
    deliver(mailbox, 5, "news@meridian.example", ALICE, List_Id="<news.meridian.example>")
    deliver(mailbox, 6, SARAH, ALICE)
    return mailbox


def deliver(mailbox: MemoryMailbox, number: int, sender: str, to: str, *, folder: str = "INBOX", **headers: str) -> str:
    date = NOW - timedelta(days=100 - number)
    raw = mail_bytes(sender, to, f"secret {number}", message_id=f"<{number}@x>", date=date, **headers)
    return mailbox.deliver(raw, folder, received_at=date)


@pytest.fixture
def sarah(db):
    return make_contact("Sarah Okafor", SARAH)


@pytest.fixture
def omar(db):
    return make_contact("Omar Haddad", OMAR)


@pytest.fixture
def inbox(alice, sarah, omar, mailbox):
    """Synced: four mails are logged."""
    inbox = connected_inbox(alice, preset=Preset.KNOWN)
    sync_until_quiet(inbox, mailbox, Clock())
    inbox.refresh_from_db()
    return inbox


def ask(mailbox: MemoryMailbox, inbox, change: Change, *, since: datetime | None = None) -> tuple[WhatIf, list[Sample]]:
    """To the end, through the browser's hands after each step."""
    text, samples = WhatIf.start(inbox, change, since=since).signed(), []
    while True:
        step = what_if_step(mailbox.open(), inbox, change, WhatIf.from_signed(text, inbox, change))
        samples += step.samples
        text = step.state.signed()
        if step.state.scan.done:
            return step.state, samples


def never(email: str) -> Change:
    return Change.of_person(listed=[Entry(NeverLogKind.ADDRESS, email)])


def test_a_narrower_preset_logs_fewer_and_says_with_whom_and_why(mailbox, inbox, sarah, omar):
    state, _ = ask(mailbox, inbox, Change.of_inbox(inbox, preset=Preset.REPLIES))

    assert (state.more.mails, state.fewer.mails) == (0, 4)
    assert state.fewer.contacts == {str(sarah.pk): 3, str(omar.pk): 1}
    unlogged = {Code.NO_KNOWN_CONTACT: 1, Code.AUTOMATIC_MAIL: 1}
    assert state.before == unlogged | {Code.KNOWN_CONTACT_INCOMING: 3, Code.KNOWN_CONTACT_OUTGOING: 1}
    assert state.after == unlogged | {Code.PRESET_TOO_NARROW: 4}


def test_a_wider_preset_logs_more(mailbox, alice, sarah, omar):
    inbox = connected_inbox(alice, preset=Preset.MANUAL)
    sync_until_quiet(inbox, mailbox, Clock())

    state, samples = ask(mailbox, inbox, Change.of_inbox(inbox, preset=Preset.KNOWN))

    assert (state.more.mails, state.fewer.mails, state.decided) == (4, 0, 6)
    assert state.more.contacts == {str(sarah.pk): 3, str(omar.pk): 1}
    assert {sample.subject for sample in samples} <= {"secret 1", "secret 2", "secret 3", "secret 6"}
    assert all(sample.is_logged and sample.before == Code.PRESET_TOO_NARROW for sample in samples)


def test_a_never_log_entry_takes_the_mail_it_names_and_no_other(mailbox, inbox, omar):
    state, samples = ask(mailbox, inbox, never(OMAR))

    assert (state.more.mails, state.fewer.mails) == (0, 1)
    assert state.fewer.contacts == {str(omar.pk): 1}
    [sample] = samples
    codes = Code.KNOWN_CONTACT_INCOMING, Code.NEVER_LOG_PERSONAL
    assert sample == Sample("secret 3", OMAR, sample.sent_at, False, *codes, is_logged=False)


def test_mail_logged_under_settings_long_gone_is_left_alone(mailbox, inbox, alice, omar):
    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, by=alice)

    state, _ = ask(mailbox, inbox, never(OMAR))

    assert state.fewer.contacts == {str(omar.pk): 1}


def test_settings_in_force_can_be_asked_to_hold_for_the_past(mailbox, inbox, alice):
    set_inbox_policy(inbox=inbox, preset=Preset.REPLIES, by=alice)

    assert ask(mailbox, inbox, Change.of_inbox(inbox, preset=Preset.REPLIES))[0].fewer.mails == 4


def test_a_setting_that_decides_nothing_takes_nothing_although_the_inbox_logs_less_by_now(mailbox, inbox, alice):
    set_inbox_policy(inbox=inbox, preset=Preset.MANUAL, visibility="private", by=alice)

    state, _ = ask(mailbox, inbox, Change.of_inbox(inbox, visibility="private"))

    assert (state.more.mails, state.fewer.mails) == (0, 0)


def test_a_wider_setting_in_force_can_be_asked_what_it_lets_in(mailbox, alice, sarah, omar):
    inbox = connected_inbox(alice, preset=Preset.MANUAL)
    sync_until_quiet(inbox, mailbox, Clock())
    inbox.refresh_from_db()
    set_inbox_policy(inbox=inbox, preset=Preset.KNOWN, by=alice)

    state, _ = ask(mailbox, inbox, Change.of_inbox(inbox, preset=Preset.KNOWN))

    assert (state.more.mails, state.fewer.mails, state.waiting) == (4, 0, 0)


def test_an_entry_on_the_list_already_is_compared_with_the_list_without_it(mailbox, inbox, alice):
    add_never_log_entry(text=OMAR, owner=alice, by=alice)

    assert ask(mailbox, inbox, never(OMAR))[0].fewer.mails == 1


@pytest.mark.parametrize("reason", [Code.CHOSEN_BY_OWNER, Code.SENT_FROM_CRM])
def test_what_a_person_chose_stays_whatever_the_rules_say(mailbox, inbox, reason):
    Sighting.objects.filter(message__from_email=OMAR).update(reason=reason)

    state, _ = ask(mailbox, inbox, never(OMAR))

    assert (state.fewer.mails, state.chosen) == (0, 1)


def test_answers_to_chosen_mail_stay_when_the_preset_follows_conversations(mailbox, inbox):
    Sighting.objects.filter(message__subject="secret 1").update(reason=Code.CHOSEN_BY_OWNER)

    state, samples = ask(mailbox, inbox, Change.of_inbox(inbox, preset=Preset.REPLIES))

    assert state.fewer.mails == 2
    assert {sample.subject for sample in samples} == {"secret 3", "secret 6"}


def test_mail_a_colleague_logged_too_carries_the_conversation_on(mailbox, inbox, bob):
    theirs = connected_inbox(bob, "bob@ours.example")
    first = Sighting.objects.get(message__subject="secret 1")
    Sighting.objects.create(message=first.message, inbox=theirs, reason="known_contact_incoming", decided_at=NOW)

    state, _ = ask(mailbox, inbox, Change.of_inbox(inbox, preset=Preset.REPLIES))

    assert (state.fewer.mails, state.after[Code.KNOWN_CONTACT_OUTGOING]) == (2, 1)


def test_only_the_period_is_counted(mailbox, inbox):
    state, _ = ask(mailbox, inbox, never(SARAH), since=NOW - timedelta(days=96, hours=12))

    assert (state.fewer.mails, state.decided) == (1, 3)


def test_an_entry_that_only_unlinks_leaves_mail_with_other_contacts(mailbox, inbox, alice, sarah):
    deliver(mailbox, 7, SARAH, f"{ALICE}, {OMAR}")
    sync_until_quiet(inbox, mailbox, Clock())
    change = Change.of_person(listed=[Entry(NeverLogKind.ADDRESS, OMAR, NeverLogScope.ADDRESS_ONLY)])

    state, samples = ask(mailbox, inbox, change)

    assert state.fewer.mails == 1
    assert [sample.subject for sample in samples] == ["secret 3"]


def test_nothing_is_stored_and_the_browser_holds_nothing_of_the_mail(mailbox, inbox):
    def rows() -> dict[str, int]:
        return {model._meta.label: model._default_manager.count() for model in apps.get_models()}

    fetched, before = mailbox.calls["bodies"], rows()
    change = Change.of_workspace(log_automatic_mail=True)
    state, _ = ask(mailbox, inbox, change)
    _, more_samples = ask(mailbox, inbox, Change.of_inbox(inbox, preset=Preset.MANUAL))

    assert state.decided == 6
    assert more_samples
    assert rows() == before
    assert mailbox.calls["bodies"] == fetched
    held = str(signing.loads(state.signed(), salt=SALT))
    assert not any(word in held for word in ("secret", "example", "Sarah", "Omar"))


def test_a_text_of_another_question_is_refused(mailbox, inbox, bob):
    text = WhatIf.start(inbox, never(OMAR), since=None).signed()

    for other, change in ((inbox, never(SARAH)), (connected_inbox(bob, "bob@ours.example"), never(OMAR))):
        with pytest.raises(signing.BadSignature):
            WhatIf.from_signed(text, other, change)


@pytest.fixture
def queries(django_assert_max_num_queries) -> Callable[[Callable[[], object]], int]:
    def count(step: Callable[[], object]) -> int:
        with django_assert_max_num_queries(60) as captured:
            step()
        return len(captured)

    return count


def test_a_step_costs_the_same_queries_whatever_is_in_it(mailbox, inbox, queries):
    change = never(OMAR)
    first = WhatIf.start(inbox, change, since=None)
    live = WhatIf.start(inbox, change, since=None)
    live.threads = None

    few = [queries(lambda s=state: what_if_step(mailbox.open(), inbox, change, s)) for state in (first, live)]
    for number in range(10, 40):
        deliver(mailbox, number, OMAR, ALICE)
        deliver(mailbox, number + 40, STRANGER, ALICE)
    sync_until_quiet(inbox, mailbox, Clock())
    mailbox.page_messages = 100
    many = [queries(lambda s=state: what_if_step(mailbox.open(), inbox, change, s)) for state in (first, live)]

    assert many == few


def test_twenty_thousand_mails_are_counted_step_by_step_and_can_be_left_at_any_step(alice, queries):
    """Every fifth is with one of 500 contacts."""
    for number in range(500):
        make_contact(f"Contact {number}", f"{number}@customers.example")
    mailbox = MemoryMailbox(page_messages=5_000, now=NOW)
    for number in range(20_000):
        sender = f"{number % 500}@customers.example" if number % 5 == 0 else f"{number}@private.example"
        mailbox.deliver(mail_bytes(sender, message_id=f"<{number}@x>"), received_at=NOW)
    inbox = connected_inbox(alice, preset=Preset.MANUAL)
    change = Change.of_inbox(inbox, preset=Preset.KNOWN)

    texts, spent, steps = [WhatIf.start(inbox, change, since=None).signed()], [], []
    while not WhatIf.from_signed(texts[-1], inbox, change).scan.done:
        state = WhatIf.from_signed(texts[-1], inbox, change)
        calls = mailbox.calls["any"]
        spent.append(queries(lambda s=state: steps.append(what_if_step(mailbox.open(), inbox, change, s))))
        assert mailbox.calls["any"] - calls <= 3
        assert len(steps[-1].samples) <= 2
        texts.append(steps[-1].state.signed())

    state = WhatIf.from_signed(texts[-1], inbox, change)
    assert [step.state.scan.left for step in steps] == [0, 15_000, 10_000, 5_000, 0, 0, 0]
    assert (state.decided, state.more.mails, len(state.more.contacts)) == (20_000, 4_000, 100)
    assert max(spent[1:5]) == min(spent[1:5])
    assert max(map(len, texts)) < 20_000
    assert state.scan.per_second > 0


def test_automatic_mail_is_known_again_although_it_is_logged(mailbox, alice, sarah):
    make_contact("News", "news@meridian.example")
    inbox = connected_inbox(alice, preset=Preset.KNOWN)
    set_inbox_policy(inbox=inbox, log_automatic_mail=True, by=alice)
    sync_until_quiet(inbox, mailbox, Clock())
    inbox.refresh_from_db()

    state, samples = ask(mailbox, inbox, Change.of_inbox(inbox, log_automatic_mail=False))

    assert (state.fewer.mails, [sample.subject for sample in samples]) == (1, ["secret 5"])
    assert samples[0].after == Code.AUTOMATIC_MAIL
