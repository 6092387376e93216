"""Whatever the mail and the settings: the engine always decides, always the same, and a stricter setting never logs more."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from inboxes.envelope import Address, Envelope, FolderRole
from inboxes.visibility import Visibility
from logging_rules.engine import Code, Decision, decide, decide_page
from logging_rules.facts import (
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
envelopes = st.builds(
    Envelope,
    remote_id=st.sampled_from(["1", "2"]),
    folder_id=st.sampled_from(["INBOX", "Sent"]),
    folder_role=st.sampled_from(list(FolderRole)),
    received_at=times,
    sent_at=times,
    size=st.just(1),
    subject=st.just("見積もりの件"),
    from_=people,
    to=people,
    cc=people,
    bcc=people,
    reply_to=people,
    sender=people,
    message_id=st.sampled_from(["", *IDS]),
    in_reply_to=ids,
    references=ids,
    provider_thread_id=st.sampled_from(["", "thread"]),
    sent_by_owner=st.booleans(),
    is_draft=st.booleans(),
    is_automatic=st.booleans(),
    is_private=st.booleans(),
    labels=st.sets(st.sampled_from(["CRM/Log", "CRM/Private", "CHAT", "Work"]), max_size=1).map(frozenset),
)
conversations = st.builds(
    lambda participants, contact_ids, message_ids, since: Conversation(participants, contact_ids, message_ids, since),
    st.sets(st.sampled_from(EMAILS), max_size=3),
    st.sets(st.sampled_from([1, 2, 3]), max_size=2),
    st.sets(st.sampled_from(IDS), max_size=2),
    times,
)
entries: st.SearchStrategy[Entry] = st.one_of(
    st.tuples(st.just(NeverLogKind.ADDRESS), st.sampled_from(EMAILS), st.sampled_from(list(NeverLogScope))),
    st.tuples(
        st.sampled_from([NeverLogKind.DOMAIN, NeverLogKind.SUBDOMAINS]),
        st.sampled_from([email.rpartition("@")[2] for email in EMAILS] + ["example"]),
        st.sampled_from(list(NeverLogScope)),
    ),
)
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
    history_since=st.none() | times,
    paused=st.booleans(),
)
knowledge = st.fixed_dictionaries(
    {
        "workspace_never": st.lists(entries, max_size=2),
        "personal_never": st.lists(entries, max_size=2),
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
    return not stricter.log or (before.log and set(stricter.contact_ids) <= set(before.contact_ids))


@settings(max_examples=300, deadline=None)
@given(envelopes, policies, knowledge)
def test_every_mail_gets_one_code_always_the_same(envelope, policy, known):
    decision = decision_about(envelope, policy, known)

    assert decision == decision_about(envelope, policy, known)
    assert isinstance(decision.code, Code)
    assert decision.log or decision.contact_ids == ()
    assert 3 not in decision.contact_ids or decision.code == Code.REPLY_TO_LOGGED


@settings(max_examples=300, deadline=None)
@given(envelopes, policies, knowledge, st.sampled_from(list(Preset)))
def test_a_narrower_preset_never_logs_more(envelope, policy, known, preset):
    narrower = min(preset, policy.preset.value, key=lambda choice: choice.openness)
    strict = replace(policy, preset=Setting(narrower, policy.preset.level))

    assert logs_no_more(decision_about(envelope, strict, known), decision_about(envelope, policy, known))


@settings(max_examples=300, deadline=None)
@given(envelopes, policies, knowledge, entries, st.sampled_from(["workspace_never", "personal_never"]))
def test_one_more_never_log_entry_never_logs_more(envelope, policy, known, entry, place):
    present = {(kind, value) for kind, value, _ in known[place]}
    strict = known if entry[:2] in present else known | {place: [*known[place], entry]}

    assert logs_no_more(decision_about(envelope, policy, strict), decision_about(envelope, policy, known))


@settings(max_examples=200, deadline=None)
@given(envelopes, policies, knowledge, times)
def test_refusing_automatic_mail_pausing_or_a_shorter_window_never_logs_more(envelope, policy, known, since):
    before = decision_about(envelope, policy, known)
    shorter = max(since, policy.history_since or since)
    for strict in (
        replace(policy, log_automatic_mail=Setting(False, Level.PERSON)),
        replace(policy, paused=True),
        replace(policy, history_since=shorter),
    ):
        assert logs_no_more(decision_about(envelope, strict, known), before)


@st.composite
def correspondence(draw: st.DrawFn) -> list[Envelope]:
    """Mails that answer one another as mail programs write them; clocks are wrong and people come and go."""
    page: list[Envelope] = []
    for number in range(draw(st.integers(0, 8))):
        parent = draw(st.sampled_from([None, *page]))
        page.append(
            mail(
                draw(st.sampled_from([SARAH, STRANGER, "friend@elsewhere.example"])),
                draw(st.sampled_from([ALICE, SARAH, STRANGER, "friend@elsewhere.example"])),
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
