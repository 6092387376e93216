"""How long the console of all connections takes to its first byte, beside the sign-in page on the same machine at the same time."""

from dataclasses import dataclass

from crm_project.bench.worker import Worker

SIGN_IN, CONSOLE = "/accounts/login/", "/admin/inboxes/"
TEAM, PERSONAL = 200, 300
ROUNDS, VISITS = 5, 20


@dataclass(frozen=True, slots=True)
class FirstBytes:
    """Medians, in seconds. Both pages are visited by turns, because other programs slow both down."""

    inboxes: int
    sign_in_seconds: float
    console_seconds: float
    console_whole_seconds: float

    @property
    def ratio(self) -> float:
        return self.console_seconds / self.sign_in_seconds


def measure_console(bench: Worker, *, team: int = TEAM, personal: int = PERSONAL) -> FirstBytes:
    """In a prepared worker's database. Raises `WorkerFailed`."""
    bench.ask("fill_console", team=team, personal=personal)
    rounds = [bench.ask("first_bytes", paths=[SIGN_IN, CONSOLE], visits=VISITS) for _ in range(ROUNDS)]
    middle = sorted(rounds, key=lambda each: each[CONSOLE][0] / each[SIGN_IN][0])[ROUNDS // 2]
    return FirstBytes(team + personal, middle[SIGN_IN][0], middle[CONSOLE][0], middle[CONSOLE][1])
