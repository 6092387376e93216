"""`manage.py bench`: how fast this machine syncs, as ratios to the fastest it could be; how soon the console of connections begins; and
how long timelines and searches take with much stored mail."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import psycopg2
from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm_project.bench.console import measure_console
from crm_project.bench.dovecot import find_dovecot
from crm_project.bench.measure import Measurement, run
from crm_project.bench.timeline import measure_timeline
from crm_project.bench.worker import WorkerFailed, prepared_worker

HEAD = f"{'step':<17}{'mails':>8}{'stored':>8}{'seconds':>10}{'mails/s':>10}{'processor':>11}{'raw socket':>12}{'ratio':>8}{'peak MB':>9}"


class Command(BaseCommand):
    help = (
        "Syncs a generated mailbox from a Dovecot of its own into a database of its own, and drains the same bytes with a raw"
        " socket beside it. Compare the ratios: seconds depend on what else the machine does. Leaves nothing behind."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "what",
            nargs="?",
            choices=["sync", "console", "timeline"],
            default="sync",
            help="what is measured (default: %(default)s)",
        )
        parser.add_argument(
            "--mails",
            type=int,
            default=5_000,
            help="how many are in the mailbox, or stored (default: %(default)s)",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["mails"] < 1:
            raise CommandError("The benchmark needs at least one mail: --mails 1.")
        try:
            if options["what"] == "console":
                self._measure_console(as_json=options["json"])
            elif options["what"] == "timeline":
                self._measure_timeline(options)
            else:
                self._measure_sync(options)
        except WorkerFailed as error:
            raise CommandError(str(error)) from error
        except psycopg2.Error as error:
            raise CommandError(f"No database for the benchmark: {str(error).splitlines()[0]}") from error

    def _measure_console(self, *, as_json: bool) -> None:
        with prepared_worker() as bench:
            found = measure_console(bench)
        if as_json:
            self.stdout.write(json.dumps({**asdict(found), "ratio": found.ratio}, indent=2))
            return
        self.stdout.write(
            f"First byte, {found.inboxes} inboxes: sign-in page {found.sign_in_seconds * 1000:.1f} ms, console"
            f" {found.console_seconds * 1000:.1f} ms, ratio {found.ratio:.2f}; the whole console"
            f" {found.console_whole_seconds * 1000:.1f} ms"
        )

    def _measure_timeline(self, options: dict[str, Any]) -> None:
        with prepared_worker() as bench:
            found = list(measure_timeline(bench, mails=options["mails"]))
        if options["json"]:
            self.stdout.write(json.dumps([{**asdict(one), "ratio": one.ratio} for one in found], indent=2))
            return
        for one in found:
            self.stdout.write(
                f"{one.what:<35}{one.seconds * 1000:>10.3f} ms{one.beside:>17}{one.beside_seconds * 1000:>10.3f} ms"
                f"{one.ratio:>10.4g}"
            )

    def _measure_sync(self, options: dict[str, Any]) -> None:
        if find_dovecot() is None:
            raise CommandError("The benchmark needs Dovecot. Install it: apt-get install dovecot-imapd")
        if options["json"]:
            self.stdout.write(json.dumps([_as_data(step) for step in run(options["mails"])], indent=2))
        else:
            self._print(run(options["mails"]))

    def _print(self, steps: Iterator[Measurement]) -> None:
        self.stdout.write(HEAD)
        for step in steps:
            self.stdout.write(
                f"{step.step:<17}{step.mails:>8,}{step.stored:>8,}{step.seconds:>10.3f}{step.mails / step.seconds:>10,.0f}"
                f"{step.processor_seconds:>11.3f}{step.floor_seconds:>12.3f}{step.ratio:>8.2f}{step.peak_megabytes:>9.0f}"
            )


def _as_data(step: Measurement) -> dict[str, Any]:
    return {**asdict(step), "mails_per_second": step.mails / step.seconds, "ratio": step.ratio}
