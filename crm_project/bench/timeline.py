"""How long a contact's timeline and a search take in a workspace with much stored mail, beside the least or the most they could."""

from collections.abc import Iterator
from dataclasses import dataclass

from crm_project.bench.stored_mail import COMMON, RARE
from crm_project.bench.worker import Worker

TURNS, SEARCHES = 100, 5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Medians, in seconds."""

    what: str
    seconds: float
    beside: str
    beside_seconds: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.beside_seconds


def measure_timeline(bench: Worker, *, mails: int) -> Iterator[Comparison]:
    """In a prepared worker's database, which is filled first: a million mails take minutes. Raises `WorkerFailed`."""
    for name, code in bench.ask("fill_timelines", mails=mails).items():
        taken = bench.ask("read_timeline", code=code, turns=TURNS)
        yield Comparison(f"timeline query, {name} contact", taken["query"], "SELECT 1", taken["SELECT 1"])
        yield Comparison(f"timeline page, {name} contact", taken["page"], "hello page", taken["hello"])
    for name, text in (("common", COMMON), ("rare", RARE)):
        taken = bench.ask("find_mail", text=text, turns=SEARCHES)
        yield Comparison(f"search for two characters, {name}", taken["found"], "sequential scan", taken["scan"])
