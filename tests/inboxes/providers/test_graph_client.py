"""How Graph is spoken to: tokens, pauses, bodies, and what every request carries."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft import faults
from inboxes.envelope import FolderRole
from inboxes.providers.base import (
    GrantRevoked,
    PaceReached,
    PermissionMissing,
    RateLimited,
    RawMessage,
    ReconnectRequired,
    RemoteFolder,
    TemporarilyUnavailable,
)
from inboxes.providers.graph.client import GraphSettings
from inboxes.providers.graph.provider import GraphProvider
from tests.fakes.access_tokens import GivenTokens
from tests.fakes.graph_mailbox import ADDRESS, GraphMailbox, mail

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def mailbox(microsoft) -> GraphMailbox:
    return GraphMailbox(microsoft, now=NOW)


@pytest.fixture
def provider(mailbox) -> Iterator[GraphProvider]:
    with mailbox.open() as provider:
        yield provider


def inbox_of(provider: GraphProvider) -> RemoteFolder:
    return next(folder for folder in provider.folders() if folder.role is FolderRole.INBOX)


@pytest.fixture
def inbox(mailbox, provider) -> RemoteFolder:
    folder = inbox_of(provider)
    mailbox.requests()
    return folder


def test_every_request_asks_for_immutable_ids_and_can_be_traced(microsoft, mailbox, provider, inbox):
    for number in range(3):
        mailbox.deliver(mail(number))
    anchor = provider.anchor(inbox)
    provider.folders()
    cursor = provider.live_page(inbox, anchor).cursor
    page = provider.backfill_page(inbox, "", anchor=anchor, since=None)
    list(provider.bodies(inbox, [envelope.remote_id for envelope in page.envelopes]))
    provider.unchanged({inbox.remote_id: cursor})
    provider.remote_ids(inbox, since=NOW)
    whole = [one for one in microsoft.requests if not one.batched and "token" not in one.path]
    assert len(whole) > 10
    assert all('IdType="ImmutableId"' in one.headers["prefer"] for one in microsoft.requests if "token" not in one.path)
    traces = [one.headers["client-request-id"] for one in whole]
    assert len(set(traces)) == len(traces)


def test_a_refused_token_is_renewed_once_and_the_request_repeated(microsoft, mailbox, provider, inbox):
    refused = mailbox.token.get()
    microsoft.faults.add(faults.token_refused(), path="/messages")
    assert provider.anchor(inbox)
    assert mailbox.token.refused == [refused]


def test_a_token_that_is_refused_twice_needs_a_second_proof(microsoft, mailbox, provider, inbox):
    microsoft.faults.always(faults.token_refused(), path="/messages")
    with pytest.raises(ReconnectRequired) as caught:
        provider.anchor(inbox)
    assert (caught.value.cause, caught.value.is_proof, len(mailbox.token.refused)) == ("access_revoked", False, 1)


def test_a_challenge_that_no_token_can_answer_is_not_repeated(microsoft, mailbox, provider, inbox):
    microsoft.faults.always(faults.token_refused('{"access_token":{"acrs":{"essential":true}}}'), path="/messages")
    with pytest.raises(GrantRevoked) as caught:
        provider.anchor(inbox)
    assert (caught.value.cause, caught.value.is_proof) == ("sign_in_again", True)
    assert (mailbox.token.refused, len(mailbox.requests())) == ([], 1)


def test_a_token_that_runs_out_in_mid_batch_is_renewed_and_the_batch_repeated(microsoft, mailbox, provider, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(3)]
    microsoft.faults.add(faults.token_refused(), path=f"/messages/{keys[1]}$")
    envelopes, unreadable = provider.envelopes(inbox, keys)
    assert (len(envelopes), unreadable, len(mailbox.token.refused)) == (3, [], 1)


def test_during_a_pause_nothing_is_asked_for_whatever_it_is(microsoft, mailbox, provider, inbox):
    key = mailbox.deliver(mail(1))
    microsoft.faults.add(faults.throttled(1), path="/messages$")
    with pytest.raises(RateLimited) as caught:
        provider.anchor(inbox)
    assert caught.value.retry_after == 10  # the floor
    mailbox.requests()
    mailbox.now += timedelta(seconds=4)
    for call in (
        provider.folders,
        lambda: provider.anchor(inbox),
        lambda: provider.envelopes(inbox, [key]),
        lambda: list(provider.bodies(inbox, [key])),
        lambda: provider.remote_ids(inbox, since=None),
    ):
        with pytest.raises(RateLimited) as caught:
            call()
        assert caught.value.retry_after == 6
    assert mailbox.requests() == []
    mailbox.now += timedelta(seconds=6)
    assert provider.anchor(inbox)


def bodies(provider: GraphProvider, folder: RemoteFolder, keys: list[str]) -> tuple[list[RawMessage], Exception | None]:
    found = []
    try:
        for raw in provider.bodies(folder, keys):
            found.append(raw)
    except Exception as error:  # noqa: BLE001
        return found, error
    return found, None


def test_bodies_are_fetched_two_at_a_time(microsoft, mailbox, provider, inbox):
    raws = {mailbox.deliver(raw): raw for raw in map(mail, range(9))}
    microsoft.meters.clear()
    together = threading.Barrier(2)

    def wait_for_the_other(_request: Request) -> None:
        together.wait(60)

    microsoft.faults.add(wait_for_the_other, path="value$", times=2)
    assert {one.remote_id: one.raw for one in provider.bodies(inbox, list(raws))} == raws
    assert microsoft.meters[ADDRESS].most == 2


@pytest.mark.parametrize("fault", [faults.throttled(5), faults.mailbox_concurrency(5)])
def test_what_came_before_a_pause_is_kept_and_then_one_comes_after_another(microsoft, mailbox, provider, inbox, fault):
    keys = [mailbox.deliver(mail(number)) for number in range(6)]
    microsoft.faults.add(fault, path=f"{keys[2]}/.value$")
    found, error = bodies(provider, inbox, keys)
    assert [one.remote_id for one in found] == [keys[0], keys[1], keys[3]]
    assert (type(error), error.retry_after) == (RateLimited, 10)
    mailbox.now += timedelta(seconds=10)
    microsoft.meters.clear()
    microsoft.faults.always(faults.slow(0.02), path="value$")
    found, error = bodies(provider, inbox, keys)
    assert (len(found), error, microsoft.meters[ADDRESS].most) == (6, None, 1)


def test_a_careful_look_takes_one_body_after_another(microsoft, mailbox, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(4)]
    microsoft.faults.always(faults.slow(0.02), path="value$")
    microsoft.meters.clear()
    with mailbox.open(careful=True) as provider:
        assert len(list(provider.bodies(inbox, keys))) == 4
    assert microsoft.meters[ADDRESS].most == 1


def test_a_body_that_graph_stumbles_over_stops_no_other(microsoft, mailbox, provider, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(7)]
    microsoft.faults.always(faults.unavailable(500), path=f"{keys[1]}/.value$")
    found, error = bodies(provider, inbox, keys)
    assert [one.remote_id for one in found] == [keys[0], *keys[2:]]
    assert (type(error), error.cause) == (TemporarilyUnavailable, "provider_trouble")


def test_a_service_that_stumbles_over_every_body_is_not_asked_for_the_rest(microsoft, mailbox, provider, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(20)]
    microsoft.faults.always(faults.unavailable(500), path="value$")
    mailbox.requests()
    found, error = bodies(provider, inbox, keys)
    assert (found, type(error)) == ([], TemporarilyUnavailable)
    assert len(mailbox.requests()) <= 4


def test_a_body_that_is_too_large_is_kept_in_part(mailbox, provider, inbox):
    raw = mail(1) + b"x" * (35 * 1024 * 1024)
    key = mailbox.deliver(raw)
    (found,) = provider.bodies(inbox, [key])
    assert (found.partial, found.raw == raw[: 320 * 1024]) == (True, True)


NETWORK = [
    (faults.cut(), "unreachable"),
    (faults.html(), "provider_trouble"),
    (faults.html(502), "provider_trouble"),
    (faults.nonsense(), "answer_not_understood"),
    (lambda _: Response("[]", content_type="application/json"), "answer_not_understood"),
    (lambda _: Response("[" * 100_000, content_type="application/json"), "answer_not_understood"),
    (lambda _: Response("", 302, {"Location": "http://127.0.0.1:9/"}), "provider_refused"),
    (lambda _: Response("", 204), "provider_refused"),
]


@pytest.mark.parametrize(("fault", "cause"), NETWORK)
def test_trouble_on_the_way_asks_nobody(microsoft, mailbox, provider, inbox, fault, cause):
    microsoft.faults.always(fault, path="/messages")
    with pytest.raises(TemporarilyUnavailable) as caught:
        provider.anchor(inbox)
    assert (type(caught.value), caught.value.cause) == (TemporarilyUnavailable, cause)


@pytest.mark.parametrize("responses", [None, {}, [None], [{"id": "0"}], [{"id": "0", "status": 200}], []])
def test_a_batch_that_answers_for_nothing_loses_no_message(microsoft, mailbox, provider, inbox, responses):
    key = mailbox.deliver(mail(1))
    body = json.dumps({"responses": responses})
    microsoft.faults.add(lambda _: Response(body, content_type="application/json"), path=r"\$batch")
    with pytest.raises(TemporarilyUnavailable):
        provider.envelopes(inbox, [key])


class CountedPace:
    """See `Pace`."""

    def __init__(self, units: int) -> None:
        self.left = units

    def spend(self, units: int) -> None:
        if units > self.left:
            raise PaceReached(retry_after=7)
        self.left -= units


def test_a_batch_costs_as_much_as_its_parts(microsoft, mailbox, inbox):
    keys = [mailbox.deliver(mail(number)) for number in range(25)]
    pace = CountedPace(30)
    settings = GraphSettings(f"{microsoft.url}/v1.0")
    with GraphProvider(settings, mailbox.token, pace, now=lambda: NOW) as provider:
        assert len(provider.envelopes(inbox, keys)[0]) == 25
        assert pace.left == 5
        mailbox.requests()
        with pytest.raises(PaceReached):
            provider.envelopes(inbox, keys[:6])
        assert mailbox.requests() == []


# Shared mailboxes


@pytest.fixture
def shared(microsoft) -> Iterator[GraphProvider]:
    microsoft.mailbox(ADDRESS)
    tokens = GivenTokens(lambda: str(microsoft.grant(ADDRESS, ["User.Read", "Mail.Read.Shared"])["access_token"]))
    settings = GraphSettings(f"{microsoft.url}/v1.0", mailbox="info@crm.example")
    with GraphProvider(settings, tokens, now=lambda: NOW) as provider:
        yield provider


def test_a_shared_mailbox_is_read_by_its_address(microsoft, mailbox, shared):
    box = microsoft.shared_mailbox("info@crm.example", readers=[ADDRESS])
    box.deliver(mail(1), received_at=NOW)
    mailbox.deliver(mail(2))
    inbox = inbox_of(shared)
    anchor = shared.anchor(inbox)
    page = shared.backfill_page(inbox, "", anchor=anchor, since=None)
    assert [envelope.subject for envelope in page.envelopes] == ["Quote 1"]
    assert [one.raw for one in shared.bodies(inbox, [page.envelopes[0].remote_id])] == [mail(1)]
    box.deliver(mail(3))
    cursor = shared.live_page(inbox, anchor).cursor
    assert shared.unchanged({inbox.remote_id: cursor}) == {inbox.remote_id}
    asked = [one.path for one in microsoft.requests if one.path.startswith("/v1.0/") and "batch" not in one.path]
    assert all(path.startswith("/v1.0/users/info@crm.example/") for path in asked)


def test_a_shared_mailbox_that_may_not_be_read_says_so(microsoft, shared):
    microsoft.shared_mailbox("info@crm.example")
    with pytest.raises(PermissionMissing) as caught:
        shared.folders()
    assert caught.value.cause == "permission_missing"


def test_a_mailbox_that_is_not_there_says_so(microsoft, shared):
    with pytest.raises(PermissionMissing) as caught:
        shared.folders()
    assert caught.value.cause == "mailbox_not_found"


def test_an_account_without_a_mailbox_in_the_cloud_says_so(microsoft, mailbox, provider):
    mailbox.box.trouble = "MailboxNotEnabledForRESTAPI"
    with pytest.raises(PermissionMissing) as caught:
        provider.folders()
    assert caught.value.cause == "no_cloud_mailbox"


def test_no_token_is_taken_in_another_thread(microsoft, mailbox, inbox):
    """The token of an inbox is kept in the database, to which threads would need connections of their own."""
    threads = set()

    def give() -> str:
        threads.add(threading.current_thread())
        return str(microsoft.grant(ADDRESS, ["User.Read", "Mail.Read"])["access_token"])

    keys = [mailbox.deliver(mail(number)) for number in range(4)]
    microsoft.faults.add(faults.token_refused(), path=f"{keys[1]}/.value$")
    tokens = GivenTokens(give)
    with GraphProvider(GraphSettings(f"{microsoft.url}/v1.0"), tokens, now=lambda: NOW) as provider:
        assert len(list(provider.bodies(inbox, keys))) == 4
    assert (threads, len(tokens.refused)) == ({threading.current_thread()}, 1)
