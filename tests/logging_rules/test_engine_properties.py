"""Whatever the mail and the settings: the engine always decides, always the same, and a stricter setting never logs more."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.visibility import Visibility
from logging_rules.engine import Code, Decision, decide, decide_page
from logging_rules.facts import (
    SETTING_NAMES,
    ContactCreation,
    Conversation,
    Level,
    NeverLogKind,
    NeverLogScope,
    Policy,
    Preset,
    SentFromCrm,
    Setting,
)
from tests.factories.logging_rules import ALICE, ALICES_ID, BOB, NOW, SARAH, STRANGER, TANAKA, Entry, facts, mail
from tests.factories.logging_rules import policy as policy_of

EMAILS = [ALICE, BOB, SARAH, TANAKA, STRANGER, "sarah@home.example", "日本@xn--wgv71a119e.example"]
CONTACTS = {SARAH: 1, "sarah@home.example": 1, TANAKA: 2, BOB: 3}
IDS = ["<1@x>", "<2@x>", "<3@x>"]

people = st.lists(st.sampled_from(EMAILS).map(Address), max_size=3).map(tuple)
ids = st.lists(st.sampled_from(IDS), max_size=2).map(tuple)
times = st.integers(-3, 3).map(lambda days: NOW + timedelta(days=days))
# Most mail is ordinary: what keeps a mail out is rare, or hardly any would reach the lower rows.
oddities = st.sampled_from(
    [
        *[{}] * 12,
        {"is_draft": True},
        {"is_automatic": True},
        {"is_private": True},
        {"folder_role": FolderRole.JUNK},
        *({"labels": frozenset({label})} for label in ("CRM/Log", "CRM/Private", "CHAT", "Work")),
    ]
)


@st.composite
def mails(draw: st.DrawFn) -> Envelope:
    envelope = Envelope(
        remote_id=draw(st.sampled_from(["1", "2"])),
        folder_id="INBOX",
        folder_role=FolderRole.INBOX,
        received_at=draw(times),
        sent_at=draw(times),
        size=1,
        subject="見積もりの件",
        from_=draw(people),
        to=draw(people),
        cc=draw(people),
        **{draw(st.sampled_from(["bcc", "reply_to", "sender"])): draw(people)},
        message_id=draw(st.sampled_from(["", *IDS])),
        in_reply_to=draw(ids),
        references=draw(ids),
        provider_thread_id=draw(st.sampled_from(["", "thread"])),
        sent_by_owner=draw(st.booleans()),
    )
    return envelope._replace(**draw(oddities))


envelopes = mails()
conversations = st.builds(
    Conversation,
    st.sets(st.sampled_from(EMAILS), max_size=3),
    st.sets(st.sampled_from([1, 2, 3]), max_size=2),
    st.sets(st.sampled_from(IDS), max_size=2),
    times,
    st.sets(st.sampled_from(IDS), max_size=2),
)
entries: st.SearchStrategy[Entry] = st.one_of(
    st.tuples(st.just(NeverLogKind.ADDRESS), st.sampled_from(EMAILS), st.sampled_from(list(NeverLogScope))),
    st.tuples(
        st.sampled_from([NeverLogKind.DOMAIN, NeverLogKind.SUBDOMAINS]),
        st.sampled_from([email.rpartition("@")[2] for email in EMAILS] + ["example"]),
        st.sampled_from(list(NeverLogScope)),
    ),
)


def few(things: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Mostly none at all."""
    return st.sampled_from([0, 0, 1, 2]).flatmap(lambda size: st.lists(things, min_size=size, max_size=size))


levels = st.sampled_from(list(Level))
switches = st.builds(Setting, st.booleans(), levels)
policies = st.builds(
    Policy,
    preset=st.builds(Setting, st.sampled_from(list(Preset)), levels),
    log_incoming=switches,
    log_outgoing=switches,
    store_attachments=switches,
    log_automatic_mail=switches,
    create_contacts=st.builds(Setting, st.sampled_from(list(ContactCreation)), levels),
    track_opens=switches,
    track_clicks=switches,
    log_by_default=switches,
    hold_ambiguous=switches,
    visibility=st.builds(Setting, st.sampled_from(list(Visibility)), levels),
    owner_id=st.just(ALICES_ID),
    history_since=st.sampled_from([None] * 7 + [NOW]),
    paused=st.sampled_from([False] * 7 + [True]),
)
knowledge = st.fixed_dictionaries(
    {
        "workspace_never": few(entries),
        "personal_never": few(entries),
        "conversations": st.dictionaries(
            st.sampled_from([*IDS, "thread"]), st.lists(conversations, min_size=1, max_size=2), max_size=3
        ),
        "sent_from_crm": st.dictionaries(
            st.sampled_from(IDS), st.builds(SentFromCrm, st.booleans(), st.just(9)), max_size=1
        ),
    }
)


def decision_about(envelope: Envelope, policy: Policy, known: dict) -> Decision:
    return decide(envelope, facts(envelope, contacts=CONTACTS, **known), policy)


def logs_no_more(stricter: Decision, before: Decision) -> bool:
    """Neither more mail, nor for more contacts, nor with more files, nor for more eyes."""
    return not stricter.log or (
        before.log
        and set(stricter.contact_ids) <= set(before.contact_ids)
        and set(stricter.newcomers) <= set(before.newcomers)
        and stricter.store_attachments <= before.store_attachments
        and stricter.visibility.strictness >= before.visibility.strictness
    )


FROM_OPEN_TO_STRICT: dict[str, list[Any]] = {
    "preset": [Preset.KNOWN, Preset.REPLIES, Preset.MANUAL],
    "log_incoming": [True, False],
    "log_outgoing": [True, False],
    "store_attachments": [True, False],
    "log_automatic_mail": [True, False],
    "create_contacts": [ContactCreation.REPLIES, ContactCreation.SENT, ContactCreation.NEVER],
    "track_opens": [True, False],
    "track_clicks": [True, False],
    "log_by_default": [True, False],
    "hold_ambiguous": [False, True],
    "visibility": [Visibility.EVERYONE, Visibility.SUBJECT, Visibility.PRIVATE],
}


def stricter(policy: Policy) -> Iterator[Policy]:
    """The same settings with one of them stricter, or said by another level; every setting and every value in turn."""
    for name, choices in FROM_OPEN_TO_STRICT.items():
        at = choices.index(getattr(policy, name).value)
        yield from (replace(policy, **{name: Setting(value, Level.WORKSPACE)}) for value in choices[at:])


@settings(max_examples=200, deadline=None)
@given(envelopes, policies, knowledge)
def test_every_mail_gets_one_code_always_the_same(envelope, policy, known):
    decision = decision_about(envelope, policy, known)

    assert decision == decision_about(envelope, policy, known)
    assert isinstance(decision.code, Code)
    assert decision.log or decision.contact_ids == decision.newcomers == ()
    assert 3 not in decision.contact_ids or decision.code == Code.REPLY_TO_LOGGED


def test_every_setting_has_its_order_from_open_to_strict():
    assert tuple(FROM_OPEN_TO_STRICT) == SETTING_NAMES


@settings(max_examples=300, deadline=None)
@given(envelopes, policies, knowledge)
def test_no_setting_logs_more_when_it_is_made_stricter(envelope, policy, known):
    before = decision_about(envelope, policy, known)

    for strict in stricter(policy):
        assert logs_no_more(decision_about(envelope, strict, known), before)


@settings(max_examples=200, deadline=None)
@given(envelopes, policies, knowledge, entries, st.sampled_from(["workspace_never", "personal_never"]))
def test_one_more_never_log_entry_never_logs_more(envelope, policy, known, entry, place):
    present = {(kind, value) for kind, value, _ in known[place]}
    strict = known if entry[:2] in present else known | {place: [*known[place], entry]}

    assert logs_no_more(decision_about(envelope, policy, strict), decision_about(envelope, policy, known))


@settings(max_examples=200, deadline=None)
@given(envelopes, policies, knowledge, times)
def test_pausing_or_a_shorter_window_never_logs_more(envelope, policy, known, since):
    before = decision_about(envelope, policy, known)
    shorter = max(since, policy.history_since or since)
    for strict in (replace(policy, paused=True), replace(policy, history_since=shorter)):
        assert logs_no_more(decision_about(envelope, strict, known), before)


@st.composite
def correspondence(draw: st.DrawFn) -> list[Envelope]:
    """Mails that answer one another as mail programs write them; clocks are wrong and people come and go."""
    page: list[Envelope] = []
    for number in range(draw(st.integers(0, 8))):
        parent = draw(st.sampled_from([None, *page]))
        outsiders = st.sampled_from([SARAH, STRANGER, "friend@elsewhere.example"])
        was_sent = draw(st.booleans())
        page.append(
            mail(
                ALICE if was_sent else draw(outsiders),
                draw(st.lists(outsiders, max_size=2)) if was_sent else [ALICE, *draw(st.lists(outsiders, max_size=1))],
                sent_by_owner=was_sent,
                labels=draw(st.sampled_from([frozenset(), frozenset(), frozenset({"CRM/Log"})])),
                message_id=f"<{number}@x>",
                references=(*parent.references, parent.message_id) if parent else (),
                sent_at=draw(times),
            )
        )
    return page


@settings(max_examples=200, deadline=None)
@given(correspondence(), st.sampled_from(list(Preset)), st.randoms(use_true_random=False))
def test_the_order_of_a_page_never_changes_what_is_logged(page, preset, random):
    order = list(range(len(page)))
    random.shuffle(order)

    straight = decide_page(page, facts(*page), policy_of(preset))
    shuffled = decide_page([page[index] for index in order], facts(*page), policy_of(preset))

    assert [straight[index].log for index in order] == [decision.log for decision in shuffled]


@settings(max_examples=200, deadline=None)
@given(correspondence(), policies)
def test_no_setting_logs_more_of_a_page_when_it_is_made_stricter(page, policy):
    before = decide_page(page, facts(*page), policy)

    for strict in stricter(policy):
        after = decide_page(page, facts(*page), strict)
        assert all(logs_no_more(decision, reference) for decision, reference in zip(after, before, strict=True))
