"""Whatever is logged, by whom and how: no address, subject or secret comes out."""

import io
import json
import logging
import resource
import smtplib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from crm_project import logs
from users.models import User

PROJECT = Path(__file__).resolve().parents[2]

ADDRESS = "hanako.private@clinic.example"
SUBJECT = "Results of your test, 検査結果のお知らせ"
ONE_WORD = "Kündigung"
PASSWORD = "hunter2hunter2"
TOKEN = "Zx9-4kQ_2mVtR7pLw0aBcD3e"
PRIVATE = (ADDRESS, "hanako", SUBJECT, "検査", "Results", ONE_WORD, PASSWORD, TOKEN)

log = structlog.get_logger("inboxes.tests")


class Lines:
    """What came out, as text and as JSON."""

    def __init__(self, formatter: logging.Formatter) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(formatter)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.text.splitlines()[-1])
        return line


@pytest.fixture(params=["json", "console"])
def lines(request) -> Iterator[Lines]:
    """The whole path of a record, in production's format and in development's."""
    yield from collected(request.param)


@pytest.fixture
def json_lines() -> Iterator[Lines]:
    yield from collected("json")


def collected(log_format: str) -> Iterator[Lines]:
    formatter = dict(logs.settings(log_format)["formatters"]["structured"])
    lines = Lines(formatter.pop("()")(**formatter))
    logging.getLogger().addHandler(lines.handler)
    yield lines
    logging.getLogger().removeHandler(lines.handler)


def assert_nothing_private(lines: Lines) -> None:
    assert lines.text
    assert [word for word in PRIVATE if word in lines.text] == []


def test_codes_ids_numbers_and_times_come_out_as_they_are(json_lines: Lines):
    moment = datetime(2026, 3, 12, 10, 24, tzinfo=UTC)
    code = UUID("3f8e8a0e-2d5b-4f57-9a41-0d5b7c1f2a3b")
    log.info(
        "slice_finished", inbox_id=7, cause="no_known_contact", share=0.5, at=moment, code=code, ok=True, none=None
    )
    assert json_lines.last | {"timestamp": ""} == {
        "event": "slice_finished",
        "logger": "inboxes.tests",
        "level": "info",
        "timestamp": "",
        "inbox_id": 7,
        "cause": "no_known_contact",
        "share": 0.5,
        "at": str(moment),
        "code": str(code),
        "ok": True,
        "none": None,
    }


@pytest.mark.parametrize("value", [ADDRESS, SUBJECT, TOKEN, f"<{ADDRESS}>", f"inbox/{ADDRESS}", f"x:{TOKEN}"])
def test_a_private_value_is_withheld_under_any_name(lines: Lines, value: str):
    log.info("mail_seen", whatever=value, many=[value], deep={"er": {"est": value}}, pair=(1, value))
    assert_nothing_private(lines)
    assert "mail_seen" in lines.text


@pytest.mark.parametrize("key", ["subject", "password", "token", "address", "snippet", "Subject", "sender"])
def test_a_private_name_withholds_even_one_word(lines: Lines, key: str):
    log.info("mail_seen", **{key: PASSWORD}, nested={key: PASSWORD})
    assert_nothing_private(lines)


@pytest.mark.parametrize("value", [ADDRESS, SUBJECT, TOKEN, ONE_WORD])
def test_a_value_written_into_the_event_is_withheld(lines: Lines, value: str):
    log.info(f"Stored {value}")
    assert_nothing_private(lines)


def test_an_object_is_named_by_its_type_and_key_alone(json_lines: Lines):
    class Message:
        pk = 5

        def __repr__(self) -> str:
            return SUBJECT

    log.info("mail_seen", message_stored=Message(), raw=SUBJECT.encode())
    assert_nothing_private(json_lines)
    assert (json_lines.last["message_stored"], json_lines.last["raw"]) == (
        "Message:5",
        f"[{len(SUBJECT.encode())} bytes]",
    )


def test_an_exception_is_its_types_and_places(json_lines: Lines):
    def read_header() -> None:
        secret = PASSWORD
        raise ValueError(f"bad header {SUBJECT!r} {ADDRESS} {secret}")

    try:
        try:
            read_header()
        except ValueError as error:
            raise RuntimeError(TOKEN) from error
    except RuntimeError:
        log.exception("parse_failed", inbox_id=7)
    assert_nothing_private(json_lines)
    chain = json_lines.last["exception"]
    assert [link["type"] for link in chain] == ["RuntimeError", "ValueError"]
    assert chain[1]["frames"][-1].startswith("tests/crm_project/test_logs.py:")
    assert chain[1]["frames"][-1].endswith(" read_header")


def test_an_exception_keeps_its_codes(json_lines: Lines):
    try:
        raise smtplib.SMTPResponseException(535, f"{ADDRESS} has a wrong password {PASSWORD}".encode())
    except smtplib.SMTPResponseException:
        log.warning("sign_in_failed", exc_info=True)
    assert_nothing_private(json_lines)
    assert json_lines.last["exception"][0]["facts"] == {"smtp_code": 535}


@pytest.mark.parametrize("name", ["imapclient.imapclient", "urllib3", "some.library"])
def test_a_library_s_arguments_are_withheld(lines: Lines, name: str):
    logging.getLogger(name).warning("LOGIN %s %s after %d tries", ADDRESS, PASSWORD, 3)
    assert_nothing_private(lines)
    assert "LOGIN [withheld] [withheld] after 3 tries" in lines.text


def test_what_a_library_wrote_into_its_message_is_withheld(lines: Lines):
    logging.getLogger("some.library").warning(f"Could not read '{SUBJECT}' of {ADDRESS} with {TOKEN}")
    assert_nothing_private(lines)
    assert "Could not read" in lines.text


def test_a_library_s_exception_and_extra_fields_are_checked_too(lines: Lines):
    try:
        raise OSError(PASSWORD)
    except OSError:
        logging.getLogger("some.library").error("failed", exc_info=True, extra={"subject": SUBJECT, "to": [ADDRESS]})
    assert_nothing_private(lines)


def test_libraries_at_ease_say_nothing(lines: Lines):
    for name in ("imapclient.imaplib", "celery.worker", "urllib3.connectionpool", "kombu", "some.library"):
        logging.getLogger(name).info("%s", SUBJECT)
    assert lines.text == ""


def test_a_template_that_does_not_fit_its_arguments_is_written_as_it_is(lines: Lines):
    record = logging.makeLogRecord({"name": "some.library", "msg": "%d items", "args": (SUBJECT,), "levelno": 30})
    lines.handler.handle(record)
    assert_nothing_private(lines)
    assert "%d items" in lines.text


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("GET /contacts/?q=hanako", "GET /contacts/"),
        (f"POST /join/{TOKEN}/", "POST /join/[withheld]/"),
        ("GET /join/wbVqXk-LzRmTeGhUcNdPyAoSfJiBvQ_KxMlZtWrEgHn/", "GET /join/[withheld]/"),
        (f"GET /{ADDRESS}", "GET /[withheld]"),
        ("GET /people/3f8e8a0e-2d5b-4f57-9a41-0d5b7c1f2a3b/", "GET /people/3f8e8a0e-2d5b-4f57-9a41-0d5b7c1f2a3b/"),
    ],
)
def test_a_request_is_its_method_and_path(json_lines: Lines, line: str, written: str):
    log.info("request_finished", request=line)
    assert_nothing_private(json_lines)
    assert json_lines.last["request"] == written


def test_a_thread_that_fails_is_logged_not_printed(json_lines: Lines, capsys):
    def fail() -> None:
        raise ValueError(SUBJECT)

    try:
        fail()
    except ValueError as error:
        logs.log_failed_thread(threading.ExceptHookArgs((ValueError, error, error.__traceback__, None)))
    assert_nothing_private(json_lines)
    assert json_lines.last["event"] == "thread_failed"
    assert SUBJECT not in "".join(capsys.readouterr())


def test_request_and_task_ids_are_on_every_line(json_lines: Lines):
    with structlog.contextvars.bound_contextvars(request_id="r-1", user_id=3, task_id="t-2"):
        log.info("inbox_paused")
    assert {key: json_lines.last[key] for key in ("request_id", "user_id", "task_id")} == {
        "request_id": "r-1",
        "user_id": 3,
        "task_id": "t-2",
    }


def test_a_failing_page_is_logged_with_its_ids_and_nothing_it_failed_on(json_lines: Lines, alice: User, settings):
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    response = client.get(f"/fail/{TOKEN}/?q={ADDRESS}", HTTP_USER_AGENT=SUBJECT)
    assert response.status_code == 500
    assert_nothing_private(json_lines)
    failed = next(json.loads(line) for line in json_lines.text.splitlines() if "request_failed" in line)
    assert (failed["user_id"], failed["request"]) == (alice.pk, "GET /fail/[withheld]/")
    assert len(failed["request_id"]) == 36


def fail(request: HttpRequest, token: str) -> HttpResponse:
    raise ValueError(f"{SUBJECT} {ADDRESS} {token}")


urlpatterns = [path("fail/<str:token>/", fail)]
handler500 = "tests.crm_project.test_logs.plain_error"


def plain_error(request: HttpRequest) -> HttpResponse:
    return HttpResponse("error", status=500)


def test_nobody_logs_around_the_structured_logs():
    """A formatted message of our own could hold anything and look like a library's."""
    files = [file for app in logs.OWN_APPS for file in (PROJECT / app).rglob("*.py")]
    allowed = {PROJECT / "crm_project" / "logs.py", PROJECT / "crm_project" / "runner"}
    found = [
        f"{file.relative_to(PROJECT)}: {line.strip()}"
        for file in files
        if not allowed & {file, *file.parents}
        for line in file.read_text().splitlines()
        if "logging.getLogger(" in line and ").setLevel(" not in line
    ]
    assert found == []


def test_no_process_of_ours_leaves_a_core_dump():
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
