import subprocess
import sys
from pathlib import Path

import pytest

from inboxes.mime import guard, parse
from inboxes.mime.guard import Bounds
from inboxes.mime.parse import DEFAULT, ParseState
from tests.samples.broken_mail import HEAD, HTML, PDF, SAMPLES, TEXT, multipart

GOOD = HEAD + multipart(
    "mixed", multipart("alternative", TEXT, HTML, boundary="in"), PDF, *[b"Content-Type: a/b; name=e\r\n\r\n"] * 2
)
HOSTILE = [name for name in SAMPLES if guard.looks_hostile(SAMPLES[name])]


def test_usual_mail_is_read_without_a_process():
    assert not guard.looks_hostile(GOOD)
    assert guard.parse(GOOD) == parse.parse(GOOD)


@pytest.mark.parametrize(
    "name",
    [
        "structure_parts_20000",
        "structure_nested_1000",
        "structure_message_attached_300_deep",
        "header_references_one_megabyte",
    ],
)
def test_bombs_look_hostile(name):
    assert guard.looks_hostile(SAMPLES[name])


@pytest.mark.parametrize("parameters", [b";" * 20_000, b"a=b;\r\n\t" * 5_000], ids=["in a line", "folded"])
def test_a_field_of_many_parameters_looks_hostile_and_a_text_of_many_semicolons_does_not(parameters):
    assert guard.looks_hostile(HEAD + b'Content-Type: multipart/mixed; boundary="' + parameters + b"\r\n\r\nx")
    assert not guard.looks_hostile(HEAD + b"Content-Type: text/html\r\n\r\n" + parameters)


def test_great_size_looks_hostile():
    assert guard.looks_hostile(HEAD + b"\r\n" + bytes(10_000_000))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_process_of_its_own_gives_the_same_record(name):
    assert guard._parse_apart(SAMPLES[name], DEFAULT, Bounds()) == parse.parse(SAMPLES[name])


def test_files_come_back_whole_from_the_process():
    record = guard._parse_apart(GOOD, DEFAULT, Bounds())
    assert record == parse.parse(GOOD)
    assert [file.size for file in record.attachments] == [16, 0, 0]


@pytest.mark.parametrize("bounds", [Bounds(seconds=0.01), Bounds(memory=100_000_000)])
def test_a_process_that_takes_too_much_is_killed_and_the_headers_are_kept(bounds):
    record = guard._parse_apart(GOOD + bytes(60_000_000), DEFAULT, bounds)
    assert (record.state, record.defects) == (ParseState.PARTIAL, ("parser_killed",))
    assert record.headers.first("subject") == "Hello"
    assert (record.text, record.attachments) == ("", ())


def test_a_30_megabyte_attachment_fits_within_the_bounds():
    big = HEAD + multipart("mixed", TEXT, PDF + b"\r\n" + b"QUJD" * 18 + b"\r\n" + (b"QUJD" * 18 + b"\r\n") * 400_000)
    record = guard.parse(big)
    assert record.state == ParseState.FULL
    assert record.text == "plain words"


def test_the_process_is_given_none_of_our_secrets(tmp_path, monkeypatch):
    """An interpreter that writes down its environment takes Python's place."""
    seen = tmp_path / "environment"
    spy = tmp_path / "python"
    spy.write_text(f"#!/bin/sh\nenv > {seen}\n")
    spy.chmod(0o755)
    monkeypatch.setenv("FIELD_KEYS", "secret")
    monkeypatch.setattr(sys, "executable", str(spy))
    assert guard._parse_apart(GOOD, DEFAULT, Bounds()).defects == ("parser_killed",)
    assert "secret" not in seen.read_text()
    assert "PATH=" in seen.read_text()


def test_a_daemonic_process_may_use_it():
    """Celery's worker processes are daemonic: multiprocessing refuses them children."""
    script = (
        "import multiprocessing, sys\n"
        "from inboxes.mime import guard\n"
        "from tests.samples.broken_mail import SAMPLES\n"
        "def work(queue): queue.put(guard.parse(SAMPLES['structure_parts_20000']).defects)\n"
        "context = multiprocessing.get_context('fork')\n"
        "queue = context.Queue()\n"
        "worker = context.Process(target=work, args=(queue,), daemon=True)\n"
        "worker.start()\n"
        "print(*queue.get(timeout=60))\n"
    )
    project = Path(guard.__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", script], cwd=project, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "too_many_parts"
