"""A page of envelopes is decided as one: its conversations are found whatever the order."""

from datetime import timedelta
from itertools import permutations

import pytest

from logging_rules.engine import Code, decide_page
from logging_rules.facts import Preset
from tests.factories.logging_rules import ALICE, NOW, SARAH, SARAHS_ID, STRANGER, facts, mail, policy, sent

HOUR = timedelta(hours=1)

FIRST = mail([SARAH], [ALICE, STRANGER], message_id="<1@x>", labels=frozenset({"CRM/Log"}))
ANSWER = sent([SARAH, STRANGER], message_id="<2@x>", references=("<1@x>",), sent_at=NOW + HOUR)
ASIDE = mail(STRANGER, message_id="<3@x>", references=("<1@x>", "<2@x>"), sent_at=NOW + 2 * HOUR)
UNRELATED = mail(SARAH, message_id="<4@x>", sent_at=NOW + 3 * HOUR)
FORGED = mail("mallory@evil.example", message_id="<5@x>", references=("<1@x>",), sent_at=NOW + 4 * HOUR)
PAGE = (FIRST, ANSWER, ASIDE, UNRELATED, FORGED)


@pytest.mark.parametrize("order", list(permutations(range(len(PAGE))))[::7])
def test_what_is_logged_does_not_depend_on_the_order_of_the_page(order):
    page = [PAGE[index] for index in order]

    decisions = decide_page(page, facts(*page), policy(Preset.REPLIES))

    assert {PAGE[index].message_id: decision.code for index, decision in zip(order, decisions, strict=True)} == {
        "<1@x>": Code.CHOSEN_BY_OWNER,
        "<2@x>": Code.REPLY_TO_LOGGED,
        "<3@x>": Code.REPLY_TO_LOGGED,
        "<4@x>": Code.PRESET_TOO_NARROW,
        "<5@x>": Code.NO_KNOWN_CONTACT,
    }


def test_an_aside_of_somebody_unknown_stands_with_the_contacts_of_its_conversation():
    page = [ASIDE, ANSWER, FIRST]

    decisions = decide_page(page, facts(*page), policy(Preset.KNOWN))

    assert [(decision.code, decision.contact_ids) for decision in decisions] == [
        (Code.REPLY_TO_LOGGED, (SARAHS_ID,)),
        (Code.REPLY_TO_LOGGED, (SARAHS_ID,)),
        (Code.CHOSEN_BY_OWNER, (SARAHS_ID,)),
    ]


def test_an_answer_with_a_slow_clock_is_found_in_a_further_round():
    early_aside = mail(STRANGER, references=("<1@x>",), sent_at=NOW - HOUR)
    page = [early_aside, FIRST]

    decisions = decide_page(page, facts(*page), policy(Preset.REPLIES))

    assert decisions[0].code == Code.REPLY_TO_LOGGED


def test_mail_from_before_its_conversation_was_logged_stays_private():
    private = mail(STRANGER, message_id="<0@x>", sent_at=NOW - HOUR)
    later = mail([STRANGER], [ALICE, SARAH], message_id="<1@x>", references=("<0@x>",))

    decisions = decide_page([private, later], facts(private, later), policy(Preset.KNOWN))

    assert [decision.code for decision in decisions] == [Code.NO_KNOWN_CONTACT, Code.KNOWN_CONTACT_INCOMING]


def test_the_narrowest_preset_follows_no_conversation():
    decisions = decide_page(PAGE, facts(*PAGE), policy(Preset.MANUAL))

    assert [decision.log for decision in decisions] == [True, False, False, False, False]


def test_an_empty_page_has_no_decisions():
    assert decide_page([], facts(), policy()) == []


def test_an_answer_with_a_slow_clock_makes_a_contact_of_who_answered():
    question = sent([SARAH], message_id="<1@x>")
    answer = mail(STRANGER, [ALICE, SARAH], message_id="<2@x>", references=("<1@x>",), sent_at=NOW - HOUR)
    page = [question, answer]

    decisions = decide_page(page, facts(*page), policy(Preset.KNOWN, create_contacts="replies"))

    assert [decision.newcomers for decision in decisions] == [(), (STRANGER,)]
