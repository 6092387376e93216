"""What is asked of Google, how often, and what happens when it does not answer as usual."""

import contextlib
import random
from datetime import timedelta

import pytest

from crm_project.demo.google.quota import NEW_COSTS
from inboxes.marks import DEFAULT_NAMES
from inboxes.mime.envelope_reader import HEADER_FIELDS
from inboxes.mime.parse import parse
from inboxes.providers.base import (
    GrantRevoked,
    PermissionMissing,
    RateLimited,
    ReconnectRequired,
    SearchQuery,
    TemporarilyUnavailable,
    Unreadable,
)
from inboxes.providers.gmail import client, provider
from inboxes.providers.gmail.client import UNITS
from inboxes.providers.gmail.labels import MAILBOX
from inboxes.providers.gmail.provider import GmailProvider, GmailSettings
from tests.factories.inboxes import interest
from tests.fakes.google import answers
from tests.inboxes.providers.gmail.world import NOW, envelopes, follow_live, follow_past, mail, subjects


@pytest.fixture
def messages(world) -> list[str]:
    return [world.mailbox.deliver(mail(number)) for number in range(30)]


def read(gmail, ids):
    found, unreadable = gmail.envelopes(MAILBOX, ids)
    return [one.subject for one in found], unreadable


def quotes(count: int) -> list[str]:
    return [f"Quote {number}" for number in range(count)]


# What is asked for


def test_of_mail_that_is_not_logged_nothing_but_the_named_headers_is_asked_for(world, gmail, messages):
    follow_past(gmail, gmail.anchor(MAILBOX))
    asked = world.google.requests.of("messages.get")
    assert len(asked) == 30
    for request in asked:
        assert request.query["format"] == ["metadata"]
        assert request.query["metadataHeaders"] == list(HEADER_FIELDS)
        assert "snippet" not in request.query["fields"][0]


def test_bodies_are_fetched_of_the_messages_that_were_named_and_of_no_others(world, gmail, messages):
    follow_past(gmail, gmail.anchor(MAILBOX))
    world.google.requests.clear()
    raws = {raw.remote_id: raw.raw for raw in gmail.bodies(MAILBOX, messages[3:5])}
    assert raws == {one: world.mailbox.messages[one].raw for one in messages[3:5]}
    asked = world.google.requests.of("messages.get")
    assert [(one.path.rpartition("/")[2], one.query["format"]) for one in asked] == [
        (m, ["raw"]) for m in messages[3:5]
    ]


def test_every_unit_that_google_charges_was_paid_before(world, gmail, messages):
    world.mailbox.label(messages[0], add=["CRM/Log"])
    anchor = gmail.anchor(MAILBOX)
    gmail.unchanged({MAILBOX.remote_id: anchor})
    gmail.marks(MAILBOX, "", DEFAULT_NAMES)
    follow_past(gmail, anchor, interest=interest("ken@client.example"))
    follow_live(gmail, anchor)
    gmail.remote_ids(MAILBOX, since=NOW)
    found = gmail.search(MAILBOX, SearchQuery(text="Quote", limit=3))
    gmail.search(MAILBOX, SearchQuery(below=found[-1].remote_id))
    list(gmail.bodies(MAILBOX, messages[:2]))
    assert world.purse.paid == world.google.requests.units()


def test_each_method_has_its_price(world):
    assert {method: NEW_COSTS[method] for method in UNITS} == UNITS


def test_the_mailbox_is_left_as_it_was(world, gmail, messages):
    before = world.mailbox.contents()
    anchor = gmail.anchor(MAILBOX)
    follow_past(gmail, anchor)
    gmail.marks(MAILBOX, "", DEFAULT_NAMES)
    list(gmail.bodies(MAILBOX, messages))
    assert world.mailbox.contents() == before
    assert {request.method for request in world.google.requests if request.operation != "batch"} == {"GET"}


def test_a_token_of_another_mailbox_is_found_out_before_anything_is_read(world):
    world.mailbox.add_alias("sales@crm.example")
    with world.open(address="Sales@crm.example") as own:
        assert own.anchor(MAILBOX)
    with world.open(address="somebody.else@crm.example") as other, pytest.raises(ReconnectRequired) as refusal:
        other.anchor(MAILBOX)
    assert refusal.value.cause == "other_account"


# Tokens


def expire(world) -> None:
    """The token that is held is no longer good, and nobody was told."""
    world.google.clock.advance(4_000)


def test_a_token_that_has_run_out_is_renewed_once_and_the_request_sent_once_more(world, gmail):
    cursor = gmail.anchor(MAILBOX)
    world.mailbox.deliver(mail(1))
    expire(world)
    world.operations()
    assert gmail.unchanged({MAILBOX.remote_id: cursor}) == set()
    assert (world.operations(), len(world.tokens.refused)) == (["history.list", "history.list"], 1)


def test_a_token_that_runs_out_before_a_batch_is_renewed_once_for_all_its_parts(world, gmail, messages):
    gmail.envelopes(MAILBOX, messages[:2])
    expire(world)
    world.operations()
    assert read(gmail, messages[:10])[0] == quotes(10)
    assert (world.operations().count("messages.get"), len(world.tokens.refused)) == (20, 1)


@pytest.mark.parametrize("count", [1, 10])
def test_a_new_token_that_is_refused_too_is_no_network_trouble(world, gmail, messages, count):
    world.google.faults.always("messages.get", answers.unauthorized())
    with pytest.raises(ReconnectRequired) as refusal:
        gmail.envelopes(MAILBOX, messages[:count])
    assert (refusal.value.cause, refusal.value.is_proof) == ("access_revoked", False)
    assert len(world.tokens.refused) <= 2


def test_what_the_keeper_of_the_tokens_says_is_passed_on(world, gmail, messages):
    def revoked(refused: str = "") -> str:
        raise GrantRevoked

    gmail.anchor(MAILBOX)
    world.tokens.renew = revoked
    expire(world)
    for call in (lambda: gmail.anchor(MAILBOX), lambda: gmail.envelopes(MAILBOX, messages)):
        with pytest.raises(GrantRevoked):
            call()


def test_a_redirection_is_not_followed_with_the_token(world, gmail):
    elsewhere = answers.Answer(302, "", {"Location": f"{world.google.url}/elsewhere"})
    world.google.faults.next("getProfile", elsewhere)
    with pytest.raises(TemporarilyUnavailable):
        gmail.anchor(MAILBOX)
    assert [request.path for request in world.google.requests] == ["/gmail/v1/users/me/profile"]


# Batches


def test_parts_that_are_refused_are_asked_for_once_more_alone(world, gmail, messages):
    world.google.faults.next("messages.get", answers.too_many_concurrent(), skip=20, times=5)
    assert read(gmail, messages) == (quotes(30), [])
    world.operations()
    gmail.envelopes(MAILBOX, messages[:25])
    batches = [request for request in world.google.requests if request.operation == "batch"]
    assert len(batches) == 3  # of ten parts at most, from then on


def test_a_part_that_stays_refused_pauses_the_mailbox_and_what_came_counts(world, gmail, messages):
    anchor = "1000"
    world.google.faults.next("messages.get", answers.rate_limited(429, retry_after=90), skip=10, times=100)
    page = gmail.live_page(MAILBOX, anchor)
    assert ([one.subject for one in page.envelopes], page.done) == (quotes(10), False)
    asked = len(world.google.requests)
    with pytest.raises(RateLimited) as pause:
        gmail.live_page(MAILBOX, page.cursor)
    assert (pause.value.retry_after, len(world.google.requests)) == (90, asked)
    world.google.faults.clear()
    with world.open() as reopened:
        rest, _ = follow_live(reopened, page.cursor)
    assert subjects([page, *rest]) == quotes(30)


def test_nothing_is_sent_during_a_pause_and_all_is_as_before_when_it_is_over(world, messages):
    moment = [NOW]
    with world.open(now=lambda: moment[0]) as gmail:
        gmail.anchor(MAILBOX)
        world.google.faults.next("messages.get", answers.rate_limited(429, retry_after=90))
        calls = (
            lambda: list(gmail.bodies(MAILBOX, messages)),
            lambda: gmail.envelopes(MAILBOX, messages),
            lambda: gmail.unchanged({MAILBOX.remote_id: "1000"}),
            lambda: gmail.search(MAILBOX, SearchQuery()),
        )
        for passed in (0, 30, 89):
            moment[0] = NOW + timedelta(seconds=passed)
            for call in calls:
                with pytest.raises(RateLimited) as pause:
                    call()
                assert pause.value.retry_after == 90 - passed
        assert len(world.google.requests) == 2
        moment[0] = NOW + timedelta(seconds=91)
        for call in calls:
            call()


def test_a_pause_for_all_parts_costs_one_request_more(world, gmail, messages):
    world.google.faults.always("messages.get", answers.rate_limited())
    with pytest.raises(RateLimited):
        gmail.envelopes(MAILBOX, messages)
    assert world.operations().count("messages.get") == 26


def test_messages_that_are_gone_are_missing_from_the_answer(world, gmail, messages):
    for number in (0, 7, 29):
        world.mailbox.delete(messages[number])
    expected = [f"Quote {number}" for number in range(30) if number not in (0, 7, 29)]
    assert read(gmail, messages) == (expected, [])
    assert read(gmail, [messages[0]]) == ([], [])
    assert read(gmail, ["no-key", *messages[1:2]]) == (["Quote 1"], [])


@pytest.mark.parametrize(
    "fault", [answers.backend_error(500), answers.failed_precondition(), answers.invalid("what"), answers.not_json(400)]
)
@pytest.mark.parametrize("count", [1, 10, 30])
def test_a_message_that_google_cannot_show_does_not_stop_the_others(world, gmail, messages, fault, count):
    world.google.faults.always(f"*/messages/{messages[0]}", fault)
    assert read(gmail, messages[:count]) == (quotes(count)[1:], [Unreadable(messages[0], "refused_by_server")])


def test_an_answer_that_is_no_message_does_not_stop_the_others(world, gmail, messages):
    broken = answers.Answer(200, {"id": messages[2], "internalDate": "yesterday"})
    world.google.faults.always(f"*/messages/{messages[2]}", broken)
    subjects_read, unreadable = read(gmail, messages[:10])
    assert (len(subjects_read), unreadable) == (9, [Unreadable(messages[2], "malformed_answer")])


def test_parts_that_the_answer_leaves_out_are_asked_for_alone(world, gmail, messages):
    world.google.faults.next("messages.get", answers.missing_part(), skip=3, times=1)
    assert read(gmail, messages) == (quotes(30), [])


@pytest.mark.parametrize(
    "fault", [answers.not_json(), answers.html_error(200), answers.html_error(500), answers.dropped(), answers.cut()]
)
def test_a_batch_that_fails_as_a_whole_is_read_one_by_one(world, gmail, messages, fault):
    world.google.faults.next("batch", fault)
    assert read(gmail, messages) == (quotes(30), [])


@pytest.mark.parametrize("count", [1, 10])
def test_a_permission_that_is_missing_for_all_is_missing(world, gmail, messages, count):
    world.google.faults.always("messages.get", answers.insufficient_scope())
    with pytest.raises(PermissionMissing) as refusal:
        gmail.envelopes(MAILBOX, messages[:count])
    assert refusal.value.cause == "scope_missing"


# The network


@pytest.mark.parametrize(
    "fault", [answers.dropped(), answers.cut(), answers.html_error(), answers.backend_error(), answers.not_json()]
)
@pytest.mark.parametrize("operation", ["history.list", "messages.list", "messages.get", "getProfile", "labels.list"])
def test_no_answer_or_half_of_one_asks_nobody_and_is_never_taken_for_an_empty_one(
    world, gmail, messages, fault, operation
):
    anchor = gmail.anchor(MAILBOX)
    world.google.faults.always(operation, fault)
    calls = {
        "history.list": lambda: gmail.live_page(MAILBOX, anchor),
        "messages.list": lambda: gmail.remote_ids(MAILBOX, since=None),
        "messages.get": lambda: list(gmail.bodies(MAILBOX, messages)),
        "getProfile": lambda: gmail.anchor(MAILBOX),
        "labels.list": lambda: gmail.marks(MAILBOX, "", DEFAULT_NAMES),
    }
    with pytest.raises(TemporarilyUnavailable) as trouble:
        calls[operation]()
    assert not isinstance(trouble.value, RateLimited)
    world.google.faults.clear()
    calls[operation]()


def test_an_answer_that_takes_too_long_is_given_up(world, messages, monkeypatch):
    monkeypatch.setattr(client, "SECONDS", 0.2)
    world.google.faults.next("getProfile", answers.slow(5))
    with world.open() as reopened, pytest.raises(TemporarilyUnavailable) as trouble:
        reopened.anchor(MAILBOX)
    assert trouble.value.cause == "timed_out"


def test_nobody_there_is_trouble_too(world):
    with GmailProvider(GmailSettings("http://127.0.0.1:9"), world.tokens) as alone:
        with pytest.raises(TemporarilyUnavailable) as trouble:
            alone.anchor(MAILBOX)
        assert trouble.value.cause == "connection_refused"


def test_a_storm_of_every_transient_fault_loses_nothing_and_asks_nobody(world, messages):
    faults = [
        answers.rate_limited(),
        answers.rate_limited(429, retry_after=1),
        answers.user_rate_limited(),
        answers.backend_error(500),
        answers.backend_error(503),
        answers.html_error(502),
        answers.failed_precondition(),
        answers.cut(),
    ]
    for fault in random.Random(1).sample(faults, len(faults)):
        world.google.faults.always("*", fault, chance=0.05)
    cursor, found, done = "1000", set(), False
    for _ in range(500):
        with world.open() as reopened, contextlib.suppress(TemporarilyUnavailable):
            while not done:
                page = reopened.live_page(MAILBOX, cursor)
                found |= {one.remote_id for one in page.envelopes} | {one.remote_id for one in page.unreadable}
                cursor, done = page.cursor, page.done
        if done:
            break
    assert found == set(messages)


def test_after_it_was_closed_the_provider_connects_again(world, gmail, messages):
    gmail.close()
    gmail.close()
    assert read(gmail, messages[:3]) == (quotes(3), [])


def test_large_mail_comes_as_headers_and_text(world, gmail, monkeypatch):
    monkeypatch.setattr(provider, "LARGEST_BODY", 5_000)
    attachment = (
        "Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n" + "QUJD" * 2_000
    )
    text = "Content-Type: text/plain; charset=iso-2022-jp\r\nContent-Transfer-Encoding: 7bit\r\n\r\n\x1b$B@A5a=q\x1b(B"
    raw = (
        "From: ken@client.example\r\nSubject: Large\r\nMessage-ID: <l@x>\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{text}\r\n--b\r\n{attachment}\r\n--b--\r\n"
    )
    message = world.mailbox.deliver(raw.encode("latin-1"))
    pages, _ = follow_past(gmail, gmail.anchor(MAILBOX))
    assert envelopes(pages)[0].size == len(raw)
    [body] = gmail.bodies(MAILBOX, [message])
    assert (body.remote_id, body.partial) == (message, True)
    parsed = parse(body.raw)
    assert (parsed.text.strip(), len(body.raw) < 1_000) == ("請求書", True)
    assert b"Subject: Large" in body.raw
