"""What the demo remembers from one start to the next."""

import contextlib
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from crm_project.demo import home
from crm_project.demo.google import registration as google
from crm_project.demo.microsoft import registration as microsoft
from crm_project.runner.environment import development
from crm_project.runner.ports import reserve

FIRST, SECOND = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 5, 9, tzinfo=UTC)


def test_before_the_first_start_nothing_is_known(tmp_path):
    assert home.known(tmp_path) is None


@pytest.fixture
def first(tmp_path):
    """Nobody else is given its ports meanwhile."""
    first = home.settle(tmp_path, now=FIRST)
    with contextlib.ExitStack() as held:
        for port in asdict(first.ports).values():
            held.enter_context(reserve(port))
        yield first


def test_a_second_start_keeps_the_day_the_demo_began_and_its_ports(tmp_path, first):
    assert home.settle(tmp_path, now=SECOND) == first == home.known(tmp_path)
    assert (first.began, len(set(asdict(first.ports).values()))) == (FIRST, 4)


def test_only_a_port_that_somebody_has_taken_is_replaced(tmp_path, first):
    with reserve(first.ports.google) as taken:
        taken.listen()
        second = home.settle(tmp_path, now=SECOND)

    assert second.ports.google != first.ports.google
    assert second == replace(first, ports=replace(first.ports, google=second.ports.google))


def test_every_command_takes_the_stand_ins_for_google_and_microsoft(tmp_path):
    demo = home.settle(tmp_path, now=FIRST)
    expected = google.environment(demo.google_url) | microsoft.environment(demo.microsoft_url)

    environment = development(tmp_path)

    assert {name: environment[name] for name in expected} == expected


def test_without_a_demo_there_are_no_stand_ins(tmp_path):
    assert "GOOGLE_CLIENT_ID" not in development(tmp_path)


def test_clients_of_the_operators_own_are_used_instead(tmp_path):
    demo = home.settle(tmp_path, now=FIRST)

    assert demo.stand_ins({"GOOGLE_CLIENT_ID": "their own"}) == microsoft.environment(demo.microsoft_url)
    assert demo.stand_ins({"GRAPH_ROOT": "https://graph.example/v1.0"}) == google.environment(demo.google_url)
