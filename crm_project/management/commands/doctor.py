"""`doctor`."""

from argparse import Namespace
from dataclasses import asdict

from django.core.management.base import CommandParser

from crm_project.doctor import examine
from crm_project.doctor.findings import Finding, State
from users.commands import Answer, JsonCommand

SIGNS = {State.OK: "✓", State.OFF: "·", State.WARNING: "!", State.WRONG: "✗"}


class Command(JsonCommand):
    help = "Check that this installation is set up rightly, the clients at Google and Microsoft included."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.set_defaults(run=self.examine)

    def examine(self, options: Namespace) -> Answer:
        findings = list(examine())
        faults = sum(finding.state is State.WRONG for finding in findings)
        failure = f"{faults} to mend." if faults else ""
        return Answer([asdict(finding) for finding in findings], "\n".join(map(as_text, findings)), failure)


def as_text(finding: Finding) -> str:
    line = f"{SIGNS[finding.state]} {finding.topic}: {finding.says}"
    return f"{line}\n    {finding.fix}" if finding.fix else line
