"""Which mails belong together: related ids and a shared outsider, never the subject."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

from inboxes.threading import LONGEST_ID, Correspondence, ThreadGroup, join_threads, message_ids
from tests.factories.logging_rules import mail

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SARAH = frozenset({"sarah@meridian.example"})
MALLORY = frozenset({"mallory@evil.example"})


def letter(*ids, who=SARAH, minutes=0):
    return Correspondence(ids, frozenset(who), NOON + timedelta(minutes=minutes))


def threads(letters, known=None):
    """Numbers the threads in the order of the letters."""
    groups = join_threads(letters, known or {})
    order = list(dict.fromkeys(groups))
    return [order.index(group) for group in groups]


def test_an_answer_joins_what_it_answers():
    assert threads([letter("<1>"), letter("<2>", "<1>", minutes=1)]) == [0, 0]


def test_two_answers_to_a_mail_we_do_not_have_belong_together():
    assert threads([letter("<2>", "<1>"), letter("<3>", "<1>", minutes=1)]) == [0, 0]


def test_unrelated_mails_stay_apart():
    assert threads([letter("<1>"), letter("<2>")]) == [0, 1]


def test_a_forged_reference_without_a_shared_outsider_joins_nothing():
    assert threads([letter("<1>"), letter("<2>", "<1>", who=MALLORY, minutes=1)]) == [0, 1]


def test_the_order_does_not_matter():
    letters = [letter("<1>"), letter("<2>", "<1>", minutes=1), letter("<3>", "<2>", minutes=2), letter("<9>")]
    for order in permutations(letters):
        groups = join_threads(order, {})
        by_id = {mail.message_ids[0]: group for mail, group in zip(order, groups, strict=True)}
        assert by_id["<1>"] is by_id["<2>"] is by_id["<3>"] is not by_id["<9>"]


def test_a_stored_thread_is_joined_through_its_ids_and_participants():
    stored = ThreadGroup(7, set(SARAH))
    (joined, apart) = join_threads([letter("<2>", "<1>"), letter("<3>", "<1>", who=MALLORY)], {"<1>": [stored]})
    assert joined is stored
    assert (apart.pk, apart is stored) == (None, False)


def test_of_several_threads_the_nearest_relative_s_is_joined():
    near, far = ThreadGroup(1, set(SARAH)), ThreadGroup(2, set(SARAH))
    assert join_threads([letter("<3>", "<2>", "<1>")], {"<1>": [far], "<2>": [near]}) == [near]


def test_somebody_brought_in_may_go_on_with_the_thread():
    brought_in = {"sarah@meridian.example", "tanaka@aozora.example"}
    letters = [
        letter("<1>"), letter("<2>", "<1>", who=brought_in, minutes=1),
        letter("<3>", "<2>", who={"tanaka@aozora.example"}, minutes=2),
    ]  # fmt: skip
    assert threads(letters) == [0, 0, 0]


def test_absurdly_long_ids_lead_nowhere():
    long = f"<{'x' * LONGEST_ID}>"
    assert message_ids(mail(message_id=long, references=("<1>",))) == ("<1>",)
