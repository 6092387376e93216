"""What the measured process does for `bench timeline`: stored mail is read as pages read it, by turns with the least that could be done."""

import time
from collections.abc import Callable, Mapping
from statistics import median

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from contacts.queries import mail_found
from contacts.views.search import MAILS_SHOWN
from crm_project.bench.stored_mail import VIEWER
from users.models import User

SCAN = "SELECT id FROM inboxes_message WHERE subject ILIKE %(text)s OR from_name ILIKE %(text)s ORDER BY sent_at DESC"


def read_timeline(*, code: str, turns: int) -> dict[str, float]:
    """Medians in seconds: `page` and its `query`, which finds what stands on it, beside a `hello` page and `SELECT 1`."""
    settings.ROOT_URLCONF = "crm_project.bench.urls"
    client = Client(SERVER_NAME="localhost")
    client.force_login(_viewer())

    def visit(path: str) -> None:
        if (answer := client.get(path)).status_code != 200:
            raise ValueError(f"{path} answered {answer.status_code}")

    page = f"/contacts/{code}/"
    query = _statement(lambda: visit(page), 'FROM "contacts_timelineentry"')
    works = {"page": lambda: visit(page), "hello": lambda: visit("/hello/")}
    statements = {"query": lambda: _ask(query), "SELECT 1": lambda: _ask("SELECT 1")}
    return _by_turns(works, turns) | _by_turns(statements, turns)


def find_mail(*, text: str, turns: int) -> dict[str, float]:
    """Medians in seconds: the query for the newest e-mails with the word, `found`, beside a sequential `scan` for it."""
    viewer, scanned = _viewer(), {"text": f"%{text}%"}
    query = _statement(lambda: list(mail_found(viewer, text)[:MAILS_SHOWN]), "contacts_mailindex")
    return _by_turns({"found": lambda: _ask(query), "scan": lambda: _ask(SCAN, scanned)}, turns)


def _viewer() -> User:
    return User.objects.get_by_natural_key(VIEWER)


def _statement(work: Callable[[], object], about: str) -> str:
    """The first of its statements that says `about`."""
    with CaptureQueriesContext(connection) as asked:
        work()
    return next(str(one["sql"]) for one in asked.captured_queries if about in one["sql"])


def _ask(statement: str, parameters: dict[str, str] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        cursor.fetchall()


def _by_turns(works: Mapping[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """By turns, because other programs slow all of them down."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(turns + 3):  # the first load and plan what is loaded and planned once
        for name, work in works.items():
            began = time.perf_counter()
            work()
            if turn >= 3:
                taken[name].append(time.perf_counter() - began)
    return {name: median(times) for name, times in taken.items()}
