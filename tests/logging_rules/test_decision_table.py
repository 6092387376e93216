"""The decision table as a table: every row under every preset, in both directions, from every level, and before every later row."""

from itertools import combinations
from typing import Any

import pytest

from logging_rules.engine import Code, Decision, decide
from logging_rules.facts import Conversation, Level, NeverLogScope, Preset, SentFromCrm, Setting
from tests.factories.logging_rules import (
    ALICE,
    ALICES_ID,
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

MANUAL, REPLIES, KNOWN = Preset
LEVELS = (Level.WORKSPACE, Level.PERSON, Level.INBOX)
IN, OUT = "received", "sent"
DIRECTIONS = (IN, OUT)
CRM_ID = "<crm@ours.example>"
SAID_BEFORE = {"<first@x>": [Conversation({SARAH, ALICE}, {SARAHS_ID}, {"<first@x>"}, NOW)]}

# What makes a mail with Sarah, a contact, fall under each row: fields of the mail, what is known, and settings.
ROWS: dict[Code, dict[str, dict[str, Any]]] = {
    Code.NOT_MAIL: {"fields": {"is_draft": True}},
    Code.OUTSIDE_WINDOW: {"settings": {"paused": True}},
    Code.UNLOGGED_BY_OWNER: {"known": {"unlogged": True}},
    Code.MARKED_PRIVATE: {"fields": {"is_private": True}},
    Code.NEVER_LOG_WORKSPACE: {"known": {"workspace_never": [never(SARAH)]}},
    Code.NEVER_LOG_PERSONAL: {"known": {"personal_never": [never(SARAH)]}},
    Code.INTERNAL_ONLY: {"known": {"colleagues": [SARAH]}},
    Code.SENT_FROM_CRM: {"fields": {"message_id": CRM_ID}, "known": {"sent_from_crm": {CRM_ID: SentFromCrm(True, 9)}}},
    Code.CHOSEN_BY_OWNER: {"fields": {"labels": frozenset({"CRM/Log"})}},
    Code.AUTOMATIC_MAIL: {"fields": {"is_automatic": True}},
    Code.REPLY_TO_LOGGED: {"fields": {"references": ("<first@x>",)}, "known": {"conversations": SAID_BEFORE}},
    Code.KNOWN_CONTACT_INCOMING: {"known": {"contacts": {SARAH: SARAHS_ID}}},
    Code.NO_KNOWN_CONTACT: {"known": {"contacts": {}}},
}
LOGS = {Code.SENT_FROM_CRM, Code.CHOSEN_BY_OWNER}


def decided(direction: str, preset: Preset, *rows: dict[str, dict[str, Any]], **settings: Any) -> Decision:
    """The decision about a mail that falls under all of the rows; of two that say the same, the first counts."""
    said: dict[str, dict[str, Any]] = {part: {} for part in ("fields", "known", "settings")}
    for row in reversed(rows):
        for part, values in row.items():
            said[part] |= values
    envelope = (sent if direction == OUT else mail)(SARAH, **said["fields"])
    known = said["known"]
    if known.get("unlogged"):
        known = known | {"unlogged": frozenset({envelope.fingerprint})}
    return decide(envelope, facts(envelope, **known), policy(preset, **(said["settings"] | settings)))


def expected(code: Code, direction: str, preset: Preset) -> Code:
    """What becomes of a mail that falls under the row of the code and no row above it."""
    below = {IN: Code.KNOWN_CONTACT_INCOMING, OUT: Code.KNOWN_CONTACT_OUTGOING}[direction]
    below = below if preset is KNOWN else Code.PRESET_TOO_NARROW
    if code is Code.SENT_FROM_CRM and direction == IN:
        return below
    if code is Code.REPLY_TO_LOGGED and preset is MANUAL:
        return below
    return below if code is Code.KNOWN_CONTACT_INCOMING else code


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("preset", list(Preset))
@pytest.mark.parametrize("code", list(ROWS))
def test_each_row_under_each_preset_in_each_direction(code, preset, direction):
    decision = decided(direction, preset, ROWS[code])

    assert decision.code == expected(code, direction, preset)
    logs_here = LOGS | {Code.REPLY_TO_LOGGED, Code.KNOWN_CONTACT_INCOMING, Code.KNOWN_CONTACT_OUTGOING}
    assert decision.log is (decision.code in logs_here)
    assert decision.contact_ids == ((SARAHS_ID,) if decision.log else ())


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(("earlier", "later"), list(combinations(ROWS, 2)))
def test_each_row_speaks_before_every_later_one(earlier, later, direction):
    for preset in Preset:
        if expected(earlier, direction, preset) is not earlier:
            continue  # here the row has nothing to say
        assert decided(direction, preset, ROWS[earlier], ROWS[later]).code is earlier


@pytest.mark.parametrize("scope", list(NeverLogScope))
@pytest.mark.parametrize("code", [Code.NEVER_LOG_WORKSPACE, Code.NEVER_LOG_PERSONAL])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("preset", list(Preset))
def test_a_never_log_entry_of_each_scope(code, scope, direction, preset):
    """Sarah is kept out; Tanaka, who is in the mail too, is reached only if the entry is about her address alone."""
    place = "workspace_never" if code is Code.NEVER_LOG_WORKSPACE else "personal_never"
    envelope = sent([SARAH, TANAKA]) if direction == OUT else mail(SARAH, [ALICE, TANAKA])

    decision = decide(envelope, facts(envelope, **{place: [never(SARAH, scope)]}), policy(preset))

    if scope is NeverLogScope.WHOLE_MESSAGE:
        assert (decision.log, decision.code, decision.matched_address) == (False, code, SARAH)
    else:
        assert (decision.log, decision.matched_address) == (preset is KNOWN, TANAKA)
        assert decision.contact_ids == ((TANAKAS_ID,) if preset is KNOWN else ())


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("preset", list(Preset))
def test_the_level_a_setting_came_from_stands_in_what_it_decides(level, preset):
    settled = {
        "preset": decide(envelope := mail(), facts(envelope), policy(preset, level=level)),
        "log_automatic_mail": decided(IN, preset, ROWS[Code.AUTOMATIC_MAIL], log_automatic_mail=Setting(False, level)),
        "log_incoming": decided(IN, KNOWN, log_incoming=Setting(False, level)),
        "log_outgoing": decided(OUT, KNOWN, log_outgoing=Setting(False, level)),
        "create_contacts": decided(OUT, KNOWN, ROWS[Code.NO_KNOWN_CONTACT], create_contacts=Setting("sent", level)),
    }

    assert {name: decision.level for name, decision in settled.items()} == dict.fromkeys(settled, level)


# Directions


@pytest.mark.parametrize(("direction", "rule"), [(IN, "incoming_off"), (OUT, "outgoing_off")])
@pytest.mark.parametrize("code", [Code.REPLY_TO_LOGGED, Code.KNOWN_CONTACT_INCOMING])
def test_a_direction_switched_off_takes_what_the_preset_would_log(direction, rule, code):
    off = {"log_incoming": direction != IN, "log_outgoing": direction != OUT}

    for preset in (REPLIES, KNOWN):
        before = decided(direction, preset, ROWS[code])
        after = decided(direction, preset, ROWS[code], **off)

        wanted = rule if before.log else f"preset_{preset}"
        assert (after.log, after.code, after.rule, after.matched_address) == (
            False,
            Code.PRESET_TOO_NARROW,
            wanted,
            SARAH,
        )


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_other_direction_is_logged_as_before(direction):
    off = {"log_incoming": direction == IN, "log_outgoing": direction == OUT}

    assert decided(direction, KNOWN, **off) == decided(direction, KNOWN)


@pytest.mark.parametrize("code", [Code.CHOSEN_BY_OWNER, Code.SENT_FROM_CRM])
def test_a_direction_never_overrules_what_a_person_chose(code):
    assert decided(OUT, MANUAL, ROWS[code], log_incoming=False, log_outgoing=False).code is code


def test_a_reply_of_somebody_unknown_says_that_its_direction_is_off():
    envelope = mail(STRANGER, references=("<first@x>",))
    known = {"<first@x>": [Conversation({SARAH, STRANGER}, {SARAHS_ID}, {"<first@x>"}, NOW)]}

    decision = decide(envelope, facts(envelope, conversations=known), policy(REPLIES, log_incoming=False))

    assert (decision.code, decision.rule, decision.matched_address) == (
        Code.PRESET_TOO_NARROW,
        "incoming_off",
        STRANGER,
    )


# Contacts made by mail

ANSWERED = {"<mine@x>": [Conversation({SARAH, STRANGER}, {SARAHS_ID}, {"<mine@x>"}, NOW, {"<mine@x>"})]}


@pytest.mark.parametrize(
    ("creation", "outgoing", "answer"),
    [("never", (), ()), ("sent", (STRANGER,), ()), ("replies", (STRANGER,), ("new@elsewhere.example",))],
)
def test_contacts_come_from_mail_the_owner_sent_and_if_chosen_from_answers_to_it(creation, outgoing, answer):
    envelope = sent([SARAH, STRANGER])
    reply = mail("new@elsewhere.example", [ALICE, STRANGER], references=("<mine@x>",))
    rules = policy(KNOWN, create_contacts=creation)

    assert decide(envelope, facts(envelope), rules).newcomers == outgoing
    assert decide(reply, facts(reply, conversations=ANSWERED), rules).newcomers == answer


@pytest.mark.parametrize(
    ("visibility", "newcomers"), [("everyone", (STRANGER,)), ("subject", (STRANGER,)), ("private", ())]
)
def test_mail_that_colleagues_may_not_know_of_makes_no_contact_that_would_tell_them(visibility, newcomers):
    envelope = sent([SARAH, STRANGER])
    rules = policy(KNOWN, create_contacts="sent", visibility=visibility)

    assert decide(envelope, facts(envelope), rules).newcomers == newcomers


def test_mail_to_somebody_unknown_is_logged_because_they_become_a_contact():
    envelope = sent(STRANGER)

    assert decide(envelope, facts(envelope), policy(KNOWN, create_contacts="sent")) == Decision(
        True, Code.KNOWN_CONTACT_OUTGOING, "contact_created", Level.WORKSPACE, STRANGER, newcomers=(STRANGER,)
    )
    for preset in (MANUAL, REPLIES):
        assert decide(envelope, facts(envelope), policy(preset, create_contacts="sent")).log is False
    assert decide(envelope, facts(envelope), policy(KNOWN, create_contacts="sent", log_outgoing=False)) == Decision(
        False, Code.PRESET_TOO_NARROW, "outgoing_off", Level.WORKSPACE, STRANGER
    )


def test_mail_from_somebody_unknown_makes_no_contact():
    for envelope in (mail(STRANGER), mail(ALICE, STRANGER), mail(STRANGER, [ALICE, SARAH])):
        assert decide(envelope, facts(envelope), policy(KNOWN, create_contacts="replies")).newcomers == ()


def test_an_answer_to_a_colleagues_mail_is_no_answer_to_the_owners():
    envelope = mail("new@elsewhere.example", [ALICE, SARAH], references=("<first@x>",))

    decision = decide(envelope, facts(envelope, conversations=SAID_BEFORE), policy(KNOWN, create_contacts="replies"))

    assert (decision.code, decision.newcomers) == (Code.REPLY_TO_LOGGED, ())


@pytest.mark.parametrize("address", ["bob@ours.example", "no-reply@shop.example", "not an address", "half@", SARAH])
def test_colleagues_machines_and_what_is_no_address_never_become_contacts(address):
    envelope = sent([STRANGER, address])

    assert decide(envelope, facts(envelope), policy(KNOWN, create_contacts="sent")).newcomers == (STRANGER,)


@pytest.mark.parametrize("scope", list(NeverLogScope))
@pytest.mark.parametrize("place", ["workspace_never", "personal_never"])
def test_who_is_on_a_never_log_list_never_becomes_a_contact(scope, place):
    envelope = sent(STRANGER)

    decision = decide(envelope, facts(envelope, **{place: [never(STRANGER, scope)]}), policy(create_contacts="sent"))

    assert (decision.log, decision.newcomers) == (False, ())


def test_automatic_mail_makes_no_contact_although_it_is_logged():
    envelope = sent([SARAH, STRANGER], is_automatic=True)

    decision = decide(envelope, facts(envelope), policy(KNOWN, create_contacts="sent", log_automatic_mail=True))

    assert (decision.log, decision.newcomers) == (True, ())


def test_a_sent_mail_chosen_by_hand_makes_contacts_under_every_preset():
    envelope = sent(STRANGER, labels=frozenset({"CRM/Log"}))

    for preset in Preset:
        decision = decide(envelope, facts(envelope), policy(preset, create_contacts="sent"))
        assert decision == Decision(
            True,
            Code.CHOSEN_BY_OWNER,
            "label",
            Level.PERSON,
            decided_by_id=ALICES_ID,
            newcomers=(STRANGER,),
        )


# What the settings say of mail that is logged


def test_a_logged_mail_carries_who_may_see_it_and_whether_its_files_are_kept():
    decision = decided(IN, KNOWN, visibility="private", store_attachments=False)

    assert (decision.visibility, decision.store_attachments) == ("private", False)
