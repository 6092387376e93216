"""Reading ahead: everything in order, what came before trouble first, and nothing after the end."""

import threading
from contextlib import closing
from itertools import count, islice

import pytest

from inboxes.providers.base import RawMessage, TemporarilyUnavailable
from inboxes.sync import reading_ahead
from inboxes.sync.reading_ahead import read_ahead
from inboxes.sync.slice import SliceOver
from tests.patience import PATIENCE


def keys(batch):
    return [raw.remote_id for raw in batch]


def nothing():
    pass


def messages(number, size=10):
    return [RawMessage(str(key), b"x" * size) for key in range(number)]


def keys_of(readings):
    return [(reading.remote_id, reading.content(meanwhile=nothing)) for reading in readings]


def test_everything_comes_in_order():
    found = keys_of(read_ahead(messages(301), keys))
    assert found == [(str(key), str(key)) for key in range(301)]


@pytest.mark.parametrize("trouble", [TemporarilyUnavailable("connection_lost"), SliceOver()])
def test_what_came_before_trouble_is_handed_out_first(trouble):
    def broken():
        yield from messages(3)
        raise trouble

    readings = read_ahead(broken(), keys)
    assert keys_of(islice(readings, 3)) == [("0", "0"), ("1", "1"), ("2", "2")]
    with pytest.raises(type(trouble)):
        next(readings)


def test_what_cannot_be_read_fails_alone():
    def read(batch):
        return [ValueError("one bad mail") if raw.remote_id == "1" else raw.remote_id for raw in batch]

    first, bad, last = read_ahead(messages(3), read)
    assert (first.content(meanwhile=nothing), last.content(meanwhile=nothing)) == ("0", "2")
    with pytest.raises(ValueError, match="one bad mail"):
        bad.content(meanwhile=nothing)


def test_while_one_waits_for_it_something_is_done_again_and_again(monkeypatch):
    monkeypatch.setattr(reading_ahead, "PATIENCE", 0.01)
    waited, enough = count(1), threading.Event()

    def read(batch):
        assert enough.wait(PATIENCE)
        return keys(batch)

    with closing(read_ahead(messages(1), read)) as readings:
        assert next(readings).content(meanwhile=lambda: next(waited) < 3 or enough.set()) == "0"
    assert next(waited) > 3


@pytest.mark.parametrize(
    ("size", "ahead"),
    [(10, reading_ahead.MAILS_AHEAD + reading_ahead.BATCH_MAILS), (reading_ahead.WEIGHT_AHEAD // 4, 5)],
)
def test_only_so_much_waits_in_memory(size, ahead):
    taken = count()

    def endless():
        while True:
            yield RawMessage(str(next(taken)), b"x" * size)

    with closing(read_ahead(endless(), keys)) as readings:
        next(readings)
    assert next(taken) == ahead


def test_a_batch_is_read_while_the_one_before_it_is_filed(monkeypatch):
    monkeypatch.setattr(reading_ahead, "BATCH_MAILS", 1)
    both = threading.Barrier(2, timeout=PATIENCE)

    def read(batch):
        both.wait()
        return keys(batch)

    assert keys_of(read_ahead(messages(6), read)) == [(str(key), str(key)) for key in range(6)]


def test_its_threads_end_with_it():
    before = threading.active_count()
    with closing(read_ahead(iter(messages(50) * 10), keys)) as readings:
        next(readings)
        assert threading.active_count() > before
    assert threading.active_count() == before
