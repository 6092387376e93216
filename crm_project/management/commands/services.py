"""The embedded database and broker, for other programs on this machine."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm_project.runner import services
from crm_project.runner.errors import LaunchError


class Command(BaseCommand):
    help = "Starts the embedded PostgreSQL and Valkey, prints their addresses and leaves them running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--stop", action="store_true", help="let them stop as soon as nobody uses them")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = settings.DATA_DIR / "services"
        try:
            answer = self._stop(folder) if options["stop"] else dict(services.keep(folder))
        except LaunchError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            self.stdout.write("\n".join(f"{name}: {value}" for name, value in answer.items()))

    def _stop(self, folder: Path) -> dict[str, str]:
        stopped = services.release(folder)
        return {"services": "stopped" if stopped else "still in use; they stop with their last user"}
