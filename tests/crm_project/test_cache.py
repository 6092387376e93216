"""The cache while its server is away: slower at worst, never an error."""

import socket

import pytest
from django.contrib.auth import get_user
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from django.urls import reverse
from structlog.testing import capture_logs

from crm_project.cache import ForgetfulCache
from tests.factories.users import PASSWORD


@pytest.fixture
def nobody_there():
    """The address of a port on which nothing listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"redis://127.0.0.1:{unused.getsockname()[1]}/0"


@pytest.fixture
def broker_away(settings, nobody_there):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": nobody_there}}


def answers(cache):
    return [
        cache.add("a", 1),
        cache.get("a"),
        cache.get("a", "default"),
        cache.set("a", 1),
        cache.touch("a"),
        cache.delete("a"),
        cache.get_many(["a", "b"]),
        cache.has_key("a"),
        cache.set_many({"a": 1, "b": 2}),
        cache.delete_many(["a"]),
        cache.get_or_set("a", 7),
        cache.clear(),
    ]


def test_without_its_server_nothing_is_found_and_nothing_is_kept(nobody_there):
    away = ForgetfulCache(nobody_there, {})
    expected = [True, None, "default", None, False, False, {}, False, ["a", "b"], None, 7, None]

    assert answers(away) == expected
    with pytest.raises(ValueError, match="away"):
        away.incr("a")


def test_every_way_to_the_server_is_covered():
    ways = {name for name, value in vars(RedisCache).items() if callable(value) and not name.startswith("_")}
    assert ways - {"get_backend_timeout"} <= vars(ForgetfulCache).keys()


def test_a_silent_server_costs_its_patience_and_no_more(monkeypatch):
    monkeypatch.setattr("crm_project.cache.PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent, capture_logs() as lines:
        assert ForgetfulCache(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", {}).get("a") is None
    assert lines == [{"event": "cache_unavailable", "error": "TimeoutError", "log_level": "warning"}]


def test_what_was_kept_is_found_again_when_the_server_is_there():
    cache.set_many({"one": 1, "二": "こんにちは"})
    assert cache.get_many(["one", "二", "three"]) == {"one": 1, "二": "こんにちは"}
    assert (cache.add("one", 2), cache.incr("one")) == (False, 2)
    assert (cache.delete("one"), cache.has_key("one")) == (True, False)


def test_people_sign_in_while_the_broker_is_away(alice, client, broker_away):
    response = client.post(reverse("account_login"), {"login": alice.email, "password": PASSWORD})
    assert (response.status_code, get_user(client)) == (302, alice)


def test_a_mailbox_can_be_connected_while_the_broker_is_away(alice_client, broker_away):
    servers = {"imap_host": "127.0.0.1", "imap_port": "1", "imap_security": "none"}
    alice_client.post(reverse("inboxes:connect"), {"address": "alice@gmail.com"})

    response = alice_client.post(
        reverse("inboxes:connect-server"), {"username": "alice", "password": "a secret of the mailbox", **servers}
    )

    assert (response.status_code, response.context["trial"].can_read) == (422, False)
