"""How fast providers that count are asked: quotas, the share of the past, and what happens without Valkey."""

from bisect import bisect_left

import pytest
from redis import Redis

from inboxes import pace
from inboxes.models import ProviderKind
from inboxes.pace import MailboxPace, for_the_past, levels, pace_of
from inboxes.providers.base import NoPace, PaceReached


@pytest.fixture(autouse=True)
def quotas(settings):
    settings.GMAIL_UNITS_PER_MINUTE = 6_000
    settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 1_200_000
    server = Redis.from_url(settings.REDIS_URL)
    for key in server.scan_iter("pace:*"):
        server.delete(key)
    return server


class Seconds:
    """A clock that passes by when somebody sleeps."""

    def __init__(self):
        self.now = 1_700_000_000.0
        self.slept = []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds + 0.01


@pytest.fixture
def clock():
    return Seconds()


def paced(clock, *, inbox=1, kind=ProviderKind.GMAIL):
    return MailboxPace(kind, inbox, now=clock, sleep=clock.sleep)


def spend_all(one, units=20):
    spent = 0
    try:
        while True:
            one.spend(units)
            spent += units
    except PaceReached as reached:
        return spent, reached.retry_after


def units_in(inbox):
    return {level.bucket: level.units for level in levels(ProviderKind.GMAIL, inbox) if "past" not in level.bucket}


def test_a_burst_is_a_quarter_of_the_quota_and_comes_back_full(clock):
    spent, wait = spend_all(paced(clock), units=500)
    assert (spent, wait) == (1_500, pytest.approx(20))
    clock.now += wait
    assert spend_all(paced(clock), units=500) == (1_500, pytest.approx(20))


@pytest.mark.parametrize("units", [2, 20, 500])
def test_in_no_minute_more_is_asked_for_than_the_quota(clock, units):
    moments = []
    one, end = paced(clock), clock.now + 300
    while clock.now < end:
        try:
            one.spend(units)
            moments.append(clock.now)
        except PaceReached as reached:
            clock.now += reached.retry_after
    for begin in moments:
        assert (bisect_left(moments, begin + 60) - bisect_left(moments, begin)) * units <= 6_000 + units


def test_the_past_takes_half_of_what_flows_and_leaves_something_to_new_mail(clock):
    past, live = paced(clock), paced(clock)
    spent, begun = 0, clock.now
    while clock.now < begun + 600:
        with for_the_past():
            more, wait = spend_all(past, units=500)
        spent += more
        live.spend(2)
        clock.now += wait
    assert spent / 10 <= 3_000 + 150
    assert spent / 10 > 2_000


def test_it_is_waited_for_what_comes_soon(clock):
    one = paced(clock)
    spend_all(one, units=500)
    one.spend(20)
    assert clock.slept == [pytest.approx(20 / 75)]


def test_what_costs_more_than_a_bucket_holds_waits_for_a_full_one_and_leaves_a_debt(clock):
    one = paced(clock)
    one.spend(2_000)
    with pytest.raises(PaceReached) as reached:
        one.spend(500)
    assert reached.value.retry_after == pytest.approx(2_000 / 75)


def test_mailboxes_share_the_quota_of_the_project_and_nothing_is_taken_from_one_bucket_alone(clock, settings):
    settings.GMAIL_PROJECT_UNITS_PER_MINUTE = 4_000
    paced(clock, inbox=1).spend(900)
    with pytest.raises(PaceReached):
        paced(clock, inbox=2).spend(500)
    assert units_in(2) == {"pace:gmail:2": 1_500, "pace:gmail": 100}
    assert units_in(1) == {"pace:gmail:1": 600, "pace:gmail": 100}


def test_kinds_have_quotas_of_their_own_and_mail_servers_none(clock, settings):
    settings.GRAPH_REQUESTS_PER_MINUTE = 60
    assert spend_all(paced(clock, kind=ProviderKind.GRAPH), units=5)[0] == 15
    paced(clock).spend(500)
    assert isinstance(pace_of(ProviderKind.IMAP, 1), NoPace)


def test_the_clock_of_the_server_counts_by_default():
    MailboxPace(ProviderKind.GMAIL, 1).spend(1_000)
    with pytest.raises(PaceReached) as reached:
        MailboxPace(ProviderKind.GMAIL, 1).spend(1_500)
    assert 0 < reached.value.retry_after <= 1_000 / 75


def test_an_emptied_valkey_costs_accuracy_only(clock, quotas):
    one = paced(clock)
    spend_all(one, units=500)
    quotas.flushdb()
    quotas.script_flush()
    one.spend(1_500)


def test_without_valkey_nothing_is_counted(clock, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    pace._connection.cache_clear()
    try:
        for _ in range(10):
            paced(clock).spend(1_000)
        assert units_in(1) == {}
    finally:
        pace._connection.cache_clear()
