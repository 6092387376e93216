"""Reading in a process of its own: the same as here, and whatever becomes of the process, it costs one e-mail at most."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from select import select

import pytest
from django.utils import timezone
from structlog.testing import capture_logs

from inboxes.mime import guard, reading_process
from inboxes.mime.content import Content, Unread, read_content
from inboxes.mime.reading_process import ProcessLost, ReadingProcess
from inboxes.models import Inbox, LedgerEntry, Message
from inboxes.sync import reading
from inboxes.sync.pages import COULD_NOT_STORE
from inboxes.sync.reading import WORTH_A_PROCESS, Reader
from tests.factories.inboxes import SARAH, mail_bytes, sync
from tests.patience import PATIENCE
from tests.samples.broken_mail import SAMPLES
from tests.samples.well_formed_mail import WELL_FORMED

HELLO = Unread(mail_bytes(SARAH, body="Hello"))
HOLDS_A_PROCESS = """
import os, subprocess, sys, time
from inboxes.mime.reading_process import ReadingProcess
process = ReadingProcess()
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(process._process.pid, other.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Puts a program in Python's place."""

    def put(script):
        program = tmp_path / "python"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return put


def words_of(contents):
    return [content.body_text.strip() if isinstance(content, Content) else repr(content) for content in contents]


def test_a_process_of_its_own_reads_the_same():
    raw = [raw for raw in (*SAMPLES.values(), *WELL_FORMED.values()) if not guard.looks_hostile(raw)]
    mails = [Unread(bytes_, partial=number % 5 == 0, with_files=number % 2 == 0) for number, bytes_ in enumerate(raw)]
    process = ReadingProcess()
    try:
        assert process.read(mails) == [read_content(mail) for mail in mails]
    finally:
        process.close()


@pytest.mark.django_db
@pytest.mark.parametrize("because", ["many_mails_came", "the_last_worker_never_came_back"])
def test_a_mail_that_ends_the_process_fails_alone_each_time(inbox, server, clock, monkeypatch, stand_in, because):
    stand_in(f'exec {sys.executable} -m tests.fakes.crashing_parser "$@"')
    for word in ("one", "CRASH", "two", "RAISE", "three"):
        server.deliver(mail_bytes(SARAH, message_id=f"<{word}@m>", body=f"<p>{word}</p>", Content_Type="text/html"))

    if because == "the_last_worker_never_came_back":
        expired = timezone.now() - timedelta(seconds=1)
        Inbox.objects.filter(pk=inbox.pk).update(lease_owner="killed", lease_expires_at=expired)
    with capture_logs() as lines, monkeypatch.context() as changed:
        if because == "many_mails_came":
            changed.setattr(reading, "WORTH_A_PROCESS", 2)
        sync(inbox, server, clock)
    clock.pass_by(hours=1)
    with capture_logs() as later:
        sync(inbox, server, clock)

    assert sorted(Message.objects.values_list("body_text", flat=True)) == ["one", "three", "two"]
    failed = LedgerEntry.objects.exclude(state="logged").values_list("state", "cause", "attempts")
    assert list(failed) == [("retrying", COULD_NOT_STORE, 2)] * 2
    assert warnings(lines) == warnings(later)
    assert warnings(lines) == [
        ("message_failed", None, "CouldNotRead"),
        ("message_failed", None, "ProcessLost"),
        ("reading_process_lost", inbox.pk, None),
    ]


def warnings(lines):
    return sorted(
        (line["event"], line.get("inbox_id"), line.get("error")) for line in lines if line["log_level"] == "warning"
    )


def test_an_answer_that_never_ends_is_not_waited_for(monkeypatch):
    process = ReadingProcess()
    try:
        assert words_of(process.read([HELLO])) == ["Hello"]
        monkeypatch.setattr(reading_process, "LARGEST_ANSWER", 100)
        with pytest.raises(ProcessLost):
            process.read([HELLO])
    finally:
        process.close()


def test_two_threads_have_the_process_read_one_after_the_other():
    batches = [[Unread(mail_bytes(SARAH, body=f"{name} {number}")) for number in range(20)] for name in range(40)]
    with Reader(0) as reader, ThreadPoolExecutor(2) as threads:
        reader.expect(WORTH_A_PROCESS)
        found = [words_of(contents) for contents in threads.map(reader.read, batches)]
    assert found == [[f"{name} {number}" for number in range(20)] for name in range(40)]


def test_a_process_that_was_killed_meanwhile_is_replaced():
    with Reader(inbox_id=7) as reader:
        reader.expect(WORTH_A_PROCESS)
        assert words_of(reader.read([HELLO])) == ["Hello"]
        os.kill(reader._process._process.pid, signal.SIGKILL)
        assert words_of(reader.read([HELLO, HELLO])) == ["Hello", "Hello"]
        last = reader._process._process
    assert last.returncode == -signal.SIGKILL


def test_where_no_process_can_be_had_it_is_read_here(stand_in, tmp_path, monkeypatch):
    """An interpreter that writes down its environment, and ends."""
    monkeypatch.setenv("FIELD_KEYS", "secret")
    stand_in(f"env > {tmp_path}/environment")
    with capture_logs() as lines, Reader(inbox_id=7) as reader:
        reader.expect(WORTH_A_PROCESS)
        assert words_of(reader.read([HELLO]) + reader.read([HELLO])) == ["Hello", "Hello"]
    assert lines == [{"event": "reading_process_not_started", "inbox_id": 7, "log_level": "warning"}]
    environment = (tmp_path / "environment").read_text()
    assert "PATH=" in environment
    assert "secret" not in environment


def test_few_mails_are_read_here(stand_in):
    stand_in("exit 1")
    with capture_logs() as lines, Reader(inbox_id=7) as reader:
        reader.expect(WORTH_A_PROCESS - 1)
        assert words_of(reader.read([HELLO])) == ["Hello"]
    assert lines == []


@pytest.mark.parametrize(
    "answer",
    ["cos\nmkdir\n(V{done}\ntR.", "cinboxes.mime.content\nContent\nN}}Vsnippet\nVstolen\ns\x86b."],
    ids=["call", "overwrite"],
)
def test_a_process_that_was_taken_over_makes_the_worker_do_nothing(stand_in, tmp_path, answer):
    """Neither call what it names nor write over our classes."""
    done, snippet = tmp_path / "done", Content.snippet
    script = (
        "from multiprocessing.connection import Connection; pipe = Connection(0); pipe.send_bytes(b'');"
        f"pipe.recv_bytes(); pipe.send_bytes(bytes.fromhex('{answer.format(done=done).encode('latin-1').hex()}'))"
    )
    stand_in(f'exec {sys.executable} -c "{script}"')
    process = ReadingProcess()
    try:
        with pytest.raises(ProcessLost):
            process.read([HELLO])
    finally:
        process.close()
    assert (done.exists(), Content.snippet) == (False, snippet)


def test_it_ends_with_a_worker_that_is_killed():
    worker = subprocess.Popen(
        [sys.executable, "-c", HOLDS_A_PROCESS], cwd=guard.PROJECT, stdout=subprocess.PIPE, text=True
    )
    with worker:
        process, other = (os.pidfd_open(int(pid)) for pid in worker.stdout.readline().split())
        worker.kill()
        assert select([process], [], [], PATIENCE)[0]
        assert not select([other], [], [], 0)[0]  # what the worker started after it does not keep it alive
        signal.pidfd_send_signal(other, signal.SIGKILL)
        os.close(process)
        os.close(other)
