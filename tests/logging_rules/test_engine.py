"""The decision table: every row, its order, its settings. No database."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inboxes.envelope import FolderRole
from inboxes.marks import DEFAULT_NAMES, Mark, MarkNames
from logging_rules.engine import RULES, Code, Decision, decide
from logging_rules.facts import (
    Conversation,
    Level,
    NeverLogKind,
    NeverLogScope,
    Preset,
    SentFromCrm,
)
from tests.factories.logging_rules import (
    ALICE,
    ALICES_ID,
    BOB,
    NOW,
    SARAH,
    SARAHS_ID,
    STRANGER,
    TANAKA,
    TANAKAS_ID,
    facts,
    mail,
    never,
    policy,
    sent,
)

DAY = timedelta(days=1)
LOG = frozenset({"CRM/Log"})
ONLY = NeverLogScope.ADDRESS_ONLY


def decided(envelope: Any, preset: Preset = Preset.KNOWN, /, **known: Any) -> Decision:
    return decide(envelope, facts(envelope, **known), policy(preset))


def conversation(
    *participants: str, ids: tuple[str, ...] = (), contacts: tuple[int, ...] = (SARAHS_ID,)
) -> Conversation:
    return Conversation(set(participants), set(contacts), set(ids), NOW - DAY)


def test_the_table_has_the_fourteen_rows_of_the_design():
    assert [rule.__name__ for rule in RULES] == [
        "not_mail",
        "outside_window",
        "unlogged_by_owner",
        "marked_private",
        "never_log_workspace",
        "never_log_personal",
        "internal_only",
        "sent_from_crm",
        "chosen_by_owner",
        "automatic_mail",
        "reply_to_logged",
        "known_contact",
        "preset_too_narrow",
        "no_known_contact",
    ]


# Row 1


@pytest.mark.parametrize(
    "fields",
    [
        {"is_draft": True},
        {"folder_role": FolderRole.DRAFTS},
        {"folder_role": FolderRole.JUNK},
        {"folder_role": FolderRole.TRASH},
        {"labels": frozenset({"CHAT"})},
        {"labels": frozenset({"SPAM", "Work"})},
    ],
)
def test_drafts_junk_trash_and_chats_are_not_mail(fields):
    assert decided(mail(**fields)) == Decision(log=False, code=Code.NOT_MAIL)


# Row 2


def test_mail_that_arrived_before_the_window_is_skipped():
    old, young = mail(received_at=NOW - DAY), mail(received_at=NOW)
    window = policy(history_since=NOW)

    assert decide(old, facts(old), window) == Decision(False, Code.OUTSIDE_WINDOW, "history_since", Level.INBOX)
    assert decide(young, facts(young), window).log is True


def test_a_wrong_date_header_does_not_push_new_mail_out_of_the_window():
    envelope = mail(received_at=NOW, sent_at=NOW - 9000 * DAY)

    assert decide(envelope, facts(envelope), policy(history_since=NOW)).code == Code.KNOWN_CONTACT_INCOMING


def test_a_paused_inbox_logs_nothing():
    envelope = mail()

    assert decide(envelope, facts(envelope), policy(paused=True)) == Decision(
        False, Code.OUTSIDE_WINDOW, "paused", Level.INBOX
    )


# Row 3


def test_a_mail_its_owner_unlogged_stays_unlogged():
    envelope, other = mail(), mail()
    tombstones = frozenset({envelope.fingerprint})

    assert decided(envelope, unlogged=tombstones) == Decision(False, Code.UNLOGGED_BY_OWNER, level=Level.PERSON)
    assert decided(other, unlogged=tombstones).log is True


# Row 4


@pytest.mark.parametrize(
    ("fields", "rule", "level"),
    [
        ({"is_private": True}, "sensitivity", Level.NONE),
        ({"labels": frozenset({"CRM/Private"})}, "label", Level.PERSON),
        ({"labels": frozenset({"work", "crm/private/2026"})}, "label", Level.PERSON),
    ],
)
def test_mail_marked_private_is_skipped(fields, rule, level):
    assert decided(mail(**fields)) == Decision(False, Code.MARKED_PRIVATE, rule, level)


@pytest.mark.parametrize(
    ("label", "mark"),
    [
        ("CRM/Log", Mark.LOG),
        ("crm/log/deals", Mark.LOG),
        ("CRM/PRIVATE", Mark.PRIVATE),
        ("crm_log", Mark.LOG),
        ("$CRM_Private", Mark.PRIVATE),
        ("CRM/Logistics", None),
        ("CRM/Private.old", None),
        ("My CRM/Log", None),
        ("Archive/CRM/Log", None),
        ("CRM", None),
        ("Private", None),
    ],
)
def test_only_the_exact_label_is_a_mark(label, mark):
    assert DEFAULT_NAMES.of_label(label) is mark


def test_marks_have_the_names_their_owner_gave_them():
    names = MarkNames(log="社内/記録", private="秘密")
    private = mail(labels=frozenset({"秘密"}))
    assert decided(private).code == Code.KNOWN_CONTACT_INCOMING
    assert decided(private, mark_names=names).code == Code.MARKED_PRIVATE
    assert decided(mail(labels=frozenset({"CRM/Private"})), mark_names=names).code == Code.KNOWN_CONTACT_INCOMING


def test_a_mark_on_any_copy_speaks_for_all_of_them():
    one = mail(STRANGER)
    assert decided(one, marks={one.fingerprint: {Mark.LOG}}).rule == "label"
    assert decided(one, marks={one.fingerprint: {Mark.LOG, Mark.PRIVATE}}).code == Code.MARKED_PRIVATE
    assert decided(mail(STRANGER), marks={one.fingerprint: {Mark.LOG}}).code == Code.NO_KNOWN_CONTACT


# Rows 5 and 6


@pytest.mark.parametrize(
    ("level", "code", "place"),
    [
        (Level.WORKSPACE, Code.NEVER_LOG_WORKSPACE, "workspace_never"),
        (Level.PERSON, Code.NEVER_LOG_PERSONAL, "personal_never"),
    ],
)
@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        (never(SARAH), NeverLogKind.ADDRESS),
        (never("meridian.example"), NeverLogKind.DOMAIN),
        (never("meridian.example", subdomains=True), NeverLogKind.SUBDOMAINS),
        (never("example", subdomains=True), NeverLogKind.SUBDOMAINS),
    ],
)
def test_a_never_log_entry_blocks_the_whole_message(level, code, place, entry, kind):
    assert decided(mail(), **{place: [entry]}) == Decision(False, code, f"never_log_{kind}", level, SARAH)


@pytest.mark.parametrize("field", ["to", "cc", "bcc", "reply_to", "sender"])
def test_a_never_log_entry_matches_wherever_the_address_stands(field):
    envelope = mail(SARAH, **{field: "doctor@clinic.example"})

    assert decided(envelope, personal_never=[never("clinic.example")]).code == Code.NEVER_LOG_PERSONAL


def test_a_domain_entry_leaves_its_subdomains_alone():
    envelope = mail("sarah@mail.meridian.example", SARAH)

    assert decided(envelope, personal_never=[never("mail.meridian.example")]).code == Code.NEVER_LOG_PERSONAL
    assert decided(mail("x@mail.clinic.example", SARAH), personal_never=[never("clinic.example")]).log is True
    assert decided(mail("x@notclinic.example", SARAH), personal_never=[never("clinic.example", subdomains=True)]).log


def test_an_entry_may_name_a_colleague_but_never_means_the_inbox_itself():
    assert decided(mail(SARAH, [ALICE, BOB]), personal_never=[never(BOB)]).code == Code.NEVER_LOG_PERSONAL
    assert decided(mail(SARAH, [ALICE, BOB]), personal_never=[never("ours.example")]).code == Code.NEVER_LOG_PERSONAL
    assert decided(mail(SARAH, ALICE), personal_never=[never("ours.example"), never(ALICE)]).log is True


def test_the_workspace_entry_speaks_before_the_personal_one():
    decision = decided(mail(), workspace_never=[never(SARAH)], personal_never=[never(SARAH)])

    assert decision.code == Code.NEVER_LOG_WORKSPACE


def test_the_stricter_of_two_scopes_wins():
    decision = decided(mail(), personal_never=[never(SARAH, ONLY), never("meridian.example")])

    assert decision.code == Code.NEVER_LOG_PERSONAL


@pytest.mark.parametrize("place", ["workspace_never", "personal_never"])
def test_an_entry_for_the_address_only_keeps_other_contacts(place):
    decision = decided(mail(SARAH, [ALICE, TANAKA]), **{place: [never(SARAH, ONLY)]})

    assert decision == Decision(True, Code.KNOWN_CONTACT_INCOMING, "preset_known", Level.INBOX, TANAKA, (TANAKAS_ID,))


def test_a_contact_is_still_reached_by_another_address():
    private = "sarah@home.example"
    envelope = mail(private, [ALICE, SARAH])
    known = {SARAH: SARAHS_ID, private: SARAHS_ID}

    assert decided(envelope, contacts=known, personal_never=[never(private, ONLY)]).contact_ids == (SARAHS_ID,)


@pytest.mark.parametrize(("place", "level"), [("workspace_never", Level.WORKSPACE), ("personal_never", Level.PERSON)])
def test_nobody_is_left_when_the_only_contact_is_kept_out(place, level):
    decision = decided(mail(), **{place: [never(SARAH, ONLY)]})

    assert decision == Decision(False, Code.NO_KNOWN_CONTACT, "never_log_address_only", level, SARAH)


# Row 7


def test_mail_among_colleagues_is_internal():
    assert decided(mail(BOB, [ALICE, "carol@ours.example"])) == Decision(
        False, Code.INTERNAL_ONLY, level=Level.WORKSPACE
    )


def test_people_connected_inboxes_and_aliases_are_colleagues_outside_the_domain_too():
    envelope = mail("bob@private.example", [ALICE, "sales-alias@other.example"])

    assert decided(envelope, colleagues=["bob@private.example", "sales-alias@other.example"]).code == Code.INTERNAL_ONLY


def test_a_subdomain_is_not_the_workspace():
    assert decided(mail("x@sub.ours.example", ALICE)).code == Code.NO_KNOWN_CONTACT


@pytest.mark.parametrize("field", ["cc", "bcc", "reply_to", "sender"])
def test_one_outsider_anywhere_makes_it_not_internal(field):
    assert decided(mail(BOB, ALICE, **{field: SARAH})).code == Code.KNOWN_CONTACT_INCOMING


def test_a_colleague_who_was_made_a_contact_is_no_known_contact():
    envelope = mail(BOB, [ALICE, STRANGER])

    assert decided(envelope, contacts={BOB: 99}) == Decision(log=False, code=Code.NO_KNOWN_CONTACT)


# Row 8


def test_mail_sent_from_the_crm_obeys_its_log_box():
    envelope = sent(SARAH)
    ticked = {envelope.message_id: SentFromCrm(log=True, by_id=9)}
    unticked = {envelope.message_id: SentFromCrm(log=False, by_id=9)}

    assert decided(envelope, Preset.MANUAL, sent_from_crm=ticked) == Decision(
        True, Code.SENT_FROM_CRM, "log_ticked", Level.PERSON, SARAH, (SARAHS_ID,), 9
    )
    assert decided(envelope, Preset.KNOWN, sent_from_crm=unticked) == Decision(
        False, Code.LOG_UNTICKED, "log_unticked", Level.PERSON, decided_by_id=9
    )


def test_a_message_id_that_arrives_from_outside_was_not_sent_from_the_crm():
    forged = mail(STRANGER, message_id="<crm@ours.example>")

    assert decided(forged, sent_from_crm={"<crm@ours.example>": SentFromCrm(True, 9)}).log is False


# Row 9


def test_the_owners_label_logs_whatever_the_preset():
    assert decided(mail(labels=LOG), Preset.MANUAL) == Decision(
        True, Code.CHOSEN_BY_OWNER, "label", Level.PERSON, SARAH, (SARAHS_ID,), ALICES_ID
    )


def test_a_mail_logged_by_hand_names_who_chose_it():
    envelope = mail()
    chosen = {("INBOX", envelope.remote_id): 9}

    assert decided(envelope, Preset.MANUAL, chosen_by_hand=chosen) == Decision(
        True, Code.CHOSEN_BY_OWNER, "by_hand", Level.PERSON, SARAH, (SARAHS_ID,), 9
    )


def test_a_chosen_mail_is_logged_although_nobody_in_it_is_known_yet():
    decision = decided(mail(STRANGER, labels=LOG), Preset.MANUAL)

    assert (decision.log, decision.contact_ids) == (True, ())


# Row 10


def test_automatic_mail_is_skipped_unless_allowed():
    envelope = mail(is_automatic=True)

    assert decided(envelope) == Decision(False, Code.AUTOMATIC_MAIL, level=Level.WORKSPACE)
    assert decide(envelope, facts(envelope), policy(log_automatic_mail=True)).code == Code.KNOWN_CONTACT_INCOMING


# Row 11


@pytest.mark.parametrize("preset", [Preset.REPLIES, Preset.KNOWN])
def test_a_reply_to_a_logged_mail_is_logged(preset):
    envelope = mail(SARAH, in_reply_to=("<first@x>",))
    known = {"<first@x>": [conversation(SARAH, ALICE, ids=("<first@x>",))]}

    assert decided(envelope, preset, conversations=known) == Decision(
        True, Code.REPLY_TO_LOGGED, f"preset_{preset}", Level.INBOX, SARAH, (SARAHS_ID,)
    )


def test_the_narrowest_preset_logs_no_reply():
    envelope = mail(SARAH, references=("<first@x>",))
    known = {"<first@x>": [conversation(SARAH, ALICE)]}

    assert decided(envelope, Preset.MANUAL, conversations=known).code == Code.PRESET_TOO_NARROW


@pytest.mark.parametrize(
    "fields",
    [
        {"references": ("<root@x>", "<first@x>", "<later@x>")},
        {"in_reply_to": ("<first@x>",)},
        {"message_id": "<first@x>"},
        {"provider_thread_id": "<first@x>"},
    ],
)
def test_a_conversation_is_found_by_every_id_the_mail_gives(fields):
    known = {"<first@x>": [conversation(SARAH, ALICE)]}

    assert decided(mail(SARAH, **fields), Preset.REPLIES, conversations=known).code == Code.REPLY_TO_LOGGED


def test_forged_references_without_a_shared_outsider_join_nothing():
    forged = mail(STRANGER, ALICE, references=("<first@x>",))
    known = {"<first@x>": [conversation(SARAH, ALICE)]}

    assert decided(forged, Preset.KNOWN, conversations=known) == Decision(log=False, code=Code.NO_KNOWN_CONTACT)


def test_a_colleague_is_not_the_shared_participant():
    envelope = mail(STRANGER, [ALICE, BOB], references=("<first@x>",))
    known = {"<first@x>": [conversation(SARAH, ALICE, BOB)]}

    assert decided(envelope, Preset.REPLIES, conversations=known).code == Code.NO_KNOWN_CONTACT


def test_an_equal_subject_joins_nothing():
    known = {"<first@x>": [conversation(SARAH, ALICE)]}

    assert decided(mail(SARAH, subject="Re: Revised quote"), Preset.REPLIES, conversations=known).log is False


def test_of_several_conversations_that_claim_an_id_the_one_with_a_shared_participant_counts():
    envelope = mail(TANAKA, references=("<first@x>",))
    known = {"<first@x>": [conversation(SARAH), conversation(TANAKA, contacts=(TANAKAS_ID,))]}

    assert decided(envelope, Preset.REPLIES, conversations=known).contact_ids == (TANAKAS_ID,)


def test_a_reply_from_somebody_unknown_stands_with_the_contacts_of_the_conversation():
    envelope = mail(STRANGER, references=("<first@x>",))
    known = {"<first@x>": [conversation(SARAH, STRANGER, contacts=(TANAKAS_ID, SARAHS_ID))]}

    assert decided(envelope, conversations=known) == Decision(
        True, Code.REPLY_TO_LOGGED, "preset_known", Level.INBOX, STRANGER, (SARAHS_ID, TANAKAS_ID)
    )


def test_a_conversation_that_lost_its_contacts_takes_no_more_mail():
    envelope = mail(STRANGER, references=("<first@x>",))
    known = {"<first@x>": [conversation(SARAH, STRANGER, contacts=())]}

    assert decided(envelope, conversations=known).code == Code.NO_KNOWN_CONTACT


def test_an_address_kept_off_timelines_brings_no_reply_onto_one():
    envelope = mail(SARAH, references=("<first@x>",))
    known = {"<first@x>": [conversation(SARAH, STRANGER)]}

    decision = decided(envelope, conversations=known, personal_never=[never(SARAH, ONLY)])

    assert decision.code == Code.NO_KNOWN_CONTACT


def test_what_was_written_before_the_conversation_was_logged_stays_private():
    before = mail(STRANGER, sent_at=NOW - 2 * DAY, message_id="<private@x>")
    known = {"<private@x>": [conversation(STRANGER, SARAH, ids=("<first@x>",))]}

    assert decided(before, conversations=known).code == Code.NO_KNOWN_CONTACT


def test_an_answer_counts_although_its_clock_is_behind():
    envelope = mail(STRANGER, sent_at=NOW - 2 * DAY, references=("<first@x>",))
    known = {"<first@x>": [conversation(STRANGER, SARAH, ids=("<first@x>",))]}

    assert decided(envelope, conversations=known).code == Code.REPLY_TO_LOGGED


# Rows 12 to 14


def test_mail_with_a_known_contact_is_logged_in_both_directions():
    assert decided(mail()) == Decision(
        True, Code.KNOWN_CONTACT_INCOMING, "preset_known", Level.INBOX, SARAH, (SARAHS_ID,)
    )
    assert decided(sent()) == Decision(
        True, Code.KNOWN_CONTACT_OUTGOING, "preset_known", Level.INBOX, SARAH, (SARAHS_ID,)
    )


def test_a_from_header_alone_does_not_make_mail_outgoing():
    assert decided(mail(ALICE, SARAH)).code == Code.KNOWN_CONTACT_INCOMING


@pytest.mark.parametrize("field", ["to", "cc", "bcc", "reply_to", "sender"])
def test_a_contact_counts_wherever_the_address_stands(field):
    assert decided(mail(STRANGER, **{field: SARAH})).matched_address == SARAH


def test_an_entry_goes_to_each_contact_once_in_the_order_of_the_headers():
    second = "sarah.k@meridian.example"
    envelope = mail(TANAKA, [ALICE, second, SARAH], cc=TANAKA)

    decision = decided(envelope, contacts={SARAH: SARAHS_ID, second: SARAHS_ID, TANAKA: TANAKAS_ID})

    assert (decision.contact_ids, decision.matched_address) == ((TANAKAS_ID, SARAHS_ID), TANAKA)


@pytest.mark.parametrize("preset", [Preset.MANUAL, Preset.REPLIES])
def test_a_narrower_preset_skips_known_contacts_and_says_so(preset):
    assert decided(mail(), preset) == Decision(False, Code.PRESET_TOO_NARROW, f"preset_{preset}", Level.INBOX, SARAH)


@pytest.mark.parametrize("preset", list(Preset))
def test_mail_with_nobody_known_is_skipped(preset):
    assert decided(mail(STRANGER), preset) == Decision(log=False, code=Code.NO_KNOWN_CONTACT)


def test_mail_without_any_address_is_skipped():
    assert decided(mail((), ())) == Decision(log=False, code=Code.NO_KNOWN_CONTACT)


@pytest.mark.parametrize("level", [Level.WORKSPACE, Level.PERSON, Level.INBOX])
def test_the_level_of_the_preset_stands_in_the_decision(level):
    envelope = mail()

    assert decide(envelope, facts(envelope), policy(level=level)).level is level


# The order


def test_each_row_gives_way_to_the_rows_above_it():
    """One mail that every rule has a say about; taking the reasons away from the top lets the next row speak."""
    envelope = sent(
        SARAH,
        labels=LOG,
        received_at=NOW - DAY,
        is_draft=True,
        is_private=True,
        is_automatic=True,
        references=("<first@x>",),
    )
    rules = policy(Preset.KNOWN, history_since=NOW)
    known = facts(
        envelope,
        workspace_never=[never(SARAH)],
        personal_never=[never(SARAH)],
        colleagues=[SARAH],
        unlogged=frozenset({envelope.fingerprint}),
        sent_from_crm={envelope.message_id: SentFromCrm(True, 9)},
        conversations={"<first@x>": [conversation(SARAH)]},
    )
    codes = []

    def speak() -> None:
        codes.append(decide(envelope, known, rules).code)

    speak()
    envelope = envelope._replace(is_draft=False)
    speak()
    rules = replace(rules, history_since=None)
    speak()
    known.unlogged = frozenset()
    speak()
    envelope = envelope._replace(is_private=False)
    speak()
    known.blocked_by_workspace = {}
    speak()
    known.blocked_by_person = {}
    speak()
    known.colleagues, known.contacts = frozenset({ALICE}), {SARAH: SARAHS_ID}
    speak()
    known.sent_from_crm = {}
    speak()
    envelope = envelope._replace(labels=frozenset())
    speak()
    envelope = envelope._replace(is_automatic=False)
    speak()
    known.conversations = {}
    speak()
    rules = policy(Preset.REPLIES)
    speak()
    known.contacts = {}
    speak()

    assert codes == [
        Code.NOT_MAIL,
        Code.OUTSIDE_WINDOW,
        Code.UNLOGGED_BY_OWNER,
        Code.MARKED_PRIVATE,
        Code.NEVER_LOG_WORKSPACE,
        Code.NEVER_LOG_PERSONAL,
        Code.INTERNAL_ONLY,
        Code.SENT_FROM_CRM,
        Code.CHOSEN_BY_OWNER,
        Code.AUTOMATIC_MAIL,
        Code.REPLY_TO_LOGGED,
        Code.KNOWN_CONTACT_OUTGOING,
        Code.PRESET_TOO_NARROW,
        Code.NO_KNOWN_CONTACT,
    ]
