"""`manage.py bench` on a real Dovecot: every step is measured against the raw socket, and nothing stays behind."""

import io
import json
import os
import tempfile
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from crm_project.bench import console, mailbox, timeline, worker

MAILS = 200


def bench(*arguments: str) -> str:
    out = io.StringIO()
    call_command("bench", "--mails", str(MAILS), *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def nothing_left_behind(monkeypatch):
    """Of what this process makes; others measure, too."""
    with tempfile.TemporaryDirectory(prefix="genkan-") as folder:
        Path(folder).chmod(0o711)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield
        assert list(Path(folder).iterdir()) == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"genkan_bench_{os.getpid()}_%"])
        assert cursor.fetchall() == []


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_left_behind")
def test_scan_first_sync_check_and_new_mail_are_measured_against_a_raw_socket(needs_debian):
    needs_debian("dovecot", "dovecot-imapd")
    expected = sum("known" in mail.logged_by for mail in mailbox.generate(MAILS))
    chosen = sum("manual" in mail.logged_by for mail in mailbox.generate(MAILS))
    more = list(mailbox.generate(MAILS + 10))[MAILS:]

    steps = json.loads(bench("--json"))

    assert [(step["step"], step["mails"], step["stored"]) for step in steps] == [
        ("scan and decide", MAILS, chosen),
        ("first sync", MAILS, expected),
        ("nothing new", 0, expected),
        ("10 new mails", 10, expected + sum("known" in mail.logged_by for mail in more)),
    ]
    for step in steps:
        assert step["ratio"] == pytest.approx(step["seconds"] / step["floor_seconds"])
        assert min(step["seconds"], step["processor_seconds"], step["floor_seconds"], step["peak_megabytes"]) > 0


def test_without_dovecot_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("os.defpath", "/nowhere")
    monkeypatch.setattr("crm_project.bench.dovecot.SYSTEM_FOLDERS", "/nowhere")
    with pytest.raises(
        CommandError, match=r"\AThe benchmark needs Dovecot\. Install it: apt-get install dovecot-imapd\Z"
    ):
        bench()


def test_an_empty_mailbox_is_refused():
    with pytest.raises(CommandError, match="at least one mail"):
        call_command("bench", "--mails", "0")


@pytest.mark.django_db
@pytest.mark.usefixtures("nothing_left_behind")
def test_pages_are_measured_beside_simpler_ones(monkeypatch):
    """How fast is for the reader to judge: a machine that is busy answers late."""
    monkeypatch.setattr(timeline, "TURNS", 1)
    monkeypatch.setattr(timeline, "SEARCHES", 1)
    with worker.prepared_worker() as bench:
        first = console.measure_console(bench, team=2, personal=3)
        found = list(timeline.measure_timeline(bench, mails=60))

    assert (first.inboxes, first.ratio) == (5, first.console_seconds / first.sign_in_seconds)
    assert 0 < first.console_seconds < first.console_whole_seconds
    assert [(one.what, one.beside) for one in found] == [
        ("timeline query, heaviest contact", "SELECT 1"),
        ("timeline page, heaviest contact", "hello page"),
        ("timeline query, random contact", "SELECT 1"),
        ("timeline page, random contact", "hello page"),
        ("search for two characters, common", "sequential scan"),
        ("search for two characters, rare", "sequential scan"),
    ]
    for one in found:
        assert 0 < one.ratio == one.seconds / one.beside_seconds
