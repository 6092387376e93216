"""Of 10,000 passing faults of Gmail and Graph, one after another for the same inbox, none asks its owner for anything."""

import http.client
import json
import random
import socket
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from httplib2 import HttpLib2Error, ServerNotFoundError

from inboxes.life import Event, react
from inboxes.models import Inbox, InboxStatus
from inboxes.providers.base import TemporarilyUnavailable
from inboxes.providers.gmail import errors as gmail
from inboxes.providers.gmail.client import UNITS
from inboxes.providers.graph import errors as graph
from tests.fakes.google import answers

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HTML = "<!DOCTYPE html><title>Sign in to the hotel's network</title>"
WAITS = [{}, {"retry-after": "1"}, {"retry-after": "120"}, {"retry-after": "soon"}, {"retry-after": "-1"}]
AT_GMAIL = [
    answers.rate_limited(), answers.rate_limited(429), answers.user_rate_limited(), answers.quota_exceeded(),
    answers.too_many_concurrent(), answers.daily_limit(), answers.failed_precondition(),
    *(answers.backend_error(status) for status in (500, 502, 503, 504)),
    *(answers.html_error(status) for status in (403, 408, 429, 500, 502, 503, 504)),
    *(answers.not_json(status) for status in (403, 500, 503)),
]  # fmt: skip
ON_THE_WAY_TO_GMAIL = [
    TimeoutError(), socket.gaierror(socket.EAI_AGAIN, ""), ConnectionResetError(), ConnectionRefusedError(), BrokenPipeError(),
    ssl.SSLEOFError(), http.client.IncompleteRead(b""), http.client.RemoteDisconnected(""), ServerNotFoundError(), HttpLib2Error(),
    OSError(113, "No route to host"), ValueError("no JSON"),
]  # fmt: skip
AT_GRAPH = [
    *((429, code) for code in ("TooManyRequests", "ApplicationThrottled", "activityLimitReached", "")),
    *((status, code) for status in (500, 502, 503, 504, 509) for code in ("ErrorInternalServerError", "UnknownError", "")),
    (503, "ErrorServerBusy"), (404, "ErrorMailboxStoreUnavailable"), (403, ""), (407, ""), (408, ""), (400, ""),
]  # fmt: skip
ON_THE_WAY_TO_GRAPH = [
    requests.ConnectionError(), requests.ConnectTimeout(), requests.ReadTimeout(), requests.exceptions.ChunkedEncodingError(),
    requests.exceptions.ContentDecodingError(), requests.exceptions.SSLError(ssl.SSLEOFError()), requests.TooManyRedirects(),
]  # fmt: skip


def of_gmail(chance: random.Random) -> Exception:
    if chance.random() < 0.3:
        return gmail.failure(chance.choice(ON_THE_WAY_TO_GMAIL))
    answer, waits = chance.choice(AT_GMAIL), chance.choice(WAITS)
    return gmail.refusal(answer.status, waits, answer.payload(), method=chance.choice([*UNITS, ""]), now=NOW)


def of_graph(chance: random.Random) -> Exception:
    if chance.random() < 0.3:
        return graph.classify_failure(chance.choice(ON_THE_WAY_TO_GRAPH))
    status, code = chance.choice(AT_GRAPH)
    body: Any = chance.choice([{"error": {"code": code, "message": ""}}, HTML, None, {}, [], {"error": code}])
    return graph.classify(status, chance.choice(WAITS), json.loads(json.dumps(body)), chance.choice(list(graph.Asked)))


def test_of_10_000_passing_faults_none_asks_the_owner_for_anything():
    chance = random.Random(11)
    inbox, now = Inbox(status=InboxStatus.ACTIVE), NOW
    strange = []
    for number in range(10_000):
        trouble = (of_gmail, of_graph)[number % 2](chance)
        reaction = react(inbox, trouble, now=now)
        inbox.failures, inbox.cause, inbox.refused_at = inbox.failures + 1, trouble.cause, reaction.refused_at
        if not isinstance(trouble, TemporarilyUnavailable) or trouble.is_proof or reaction.event is not Event.TROUBLED:
            strange.append((number, repr(trouble)))
        now = max(now + timedelta(minutes=15), reaction.retry_at)
    assert strange == []
    assert inbox.refused_at is None
