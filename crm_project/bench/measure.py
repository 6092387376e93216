"""One run: a generated mailbox is synced by a worker, and the same bytes are drained raw from the same server beside it."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crm_project.bench import drain
from crm_project.bench.dovecot import PASSWORD, Dovecot, Mailbox
from crm_project.bench.mailbox import CHOSEN_FOLDER, CONTACTS, OWNER, GeneratedMail, generate
from crm_project.bench.worker import Worker, WorkerFailed, worker

NEW_MAILS = 10
FOLDERS = ("INBOX", "Sent", CHOSEN_FOLDER)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One step: how long the product took, and the floor, how long a raw socket took for the same just before and after.

    `mails` were decided in this step, `stored` so far; `peak_megabytes` is the most memory the worker itself ever had, while
    `processor_seconds` are also of the process it reads mail in.
    """

    step: str
    mails: int
    stored: int
    seconds: float
    processor_seconds: float
    floor_seconds: float
    peak_megabytes: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.floor_seconds


def run(mails: int) -> Iterator[Measurement]:
    """The steps one by one, as they are done. Dovecot must be installed. Raises `WorkerFailed`."""
    generated = list(generate(mails + NEW_MAILS))
    with _server() as server:
        mailbox = server.mailbox("bench")
        _deliver(mailbox, generated[:mails])
        bench = Bench(mailbox)
        bench.drain_headers()  # the server indexes these fields now, as it has for a mailbox that is in use
        with _inbox(bench, preset="manual"):
            yield bench.measure("scan and decide", bench.drain_headers)
        with _inbox(bench, preset="known"):
            yield bench.measure("first sync", bench.drain_headers, afterwards=bench.drain_logged_bodies)
            yield bench.measure("nothing new", bench.drain_statuses)
            _deliver(mailbox, generated[mails:])
            bench.drain_statuses()  # files what was delivered, which is not the reader's work
            yield bench.measure(f"{NEW_MAILS} new mails", bench.drain_statuses)


class Bench:
    """The mailbox, and the worker and the inbox that are measured at the moment."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.mailbox = mailbox
        self.port = mailbox.server.port
        self.worker: Worker
        self.inbox: int

    def measure(
        self, step: str, floor: Callable[[], float], *, afterwards: Callable[[], float] = lambda: 0.0
    ) -> Measurement:
        """The floor is taken on both sides, because other programs slow both down; `afterwards` adds what is known only then."""
        before = floor()
        report = self.worker.ask("sync", inbox=self.inbox)
        if report["outcome"] != "done":
            raise WorkerFailed(f"The sync ended as {report['outcome']} {report['cause']}".strip())
        return Measurement(
            step=step,
            mails=sum(report["counts"].values()),
            stored=report["stored"],
            seconds=report["seconds"],
            processor_seconds=report["processor_seconds"],
            floor_seconds=(before + floor()) / 2 + afterwards(),
            peak_megabytes=report["peak_megabytes"],
        )

    def drain_headers(self) -> float:
        return drain.headers(self.port, self.mailbox.user, FOLDERS)

    def drain_statuses(self) -> float:
        return drain.statuses(self.port, self.mailbox.user, FOLDERS)

    def drain_logged_bodies(self) -> float:
        return drain.bodies(self.port, self.mailbox.user, self.worker.ask("logged", inbox=self.inbox))


@contextmanager
def _server() -> Iterator[Dovecot]:
    # Unix sockets need a short path, and the account that serves mail must be able to enter.
    with tempfile.TemporaryDirectory(prefix="genkan-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        server = Dovecot(home)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def _inbox(bench: Bench, *, preset: str) -> Iterator[None]:
    """A worker of its own with the mailbox connected, so that memory and caches begin anew."""
    with tempfile.TemporaryDirectory(prefix="genkan-bench-data-") as data, worker(Path(data)) as bench.worker:
        bench.worker.ask("prepare", contacts=CONTACTS)
        answer = bench.worker.ask(
            "connect", address=OWNER, port=bench.port, username=bench.mailbox.user, password=PASSWORD, preset=preset
        )
        bench.inbox = answer["inbox"]
        yield


def _deliver(mailbox: Mailbox, mails: Sequence[GeneratedMail]) -> None:
    for mail in mails:
        mailbox.deliver(mail.raw, mail.folder, received_at=mail.received_at)
