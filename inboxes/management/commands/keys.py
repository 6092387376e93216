"""`keys status` and `keys rotate`."""

from argparse import Namespace
from dataclasses import asdict

from cryptography.fernet import InvalidToken
from django.core.management import CommandError

from audit.actions import record
from inboxes import key_rotation
from inboxes.encryption import UnknownKey
from users.commands import Answer, JsonCommand
from users.models import Workspace


class Command(JsonCommand):
    help = "The keys that secrets are encrypted with (FIELD_KEYS, newest first)."

    def add_actions(self) -> None:
        self.add_action("status", self.status, help="How many secrets each key holds, and which keys can go.")
        self.add_action("rotate", self.rotate, help="Encrypt every secret with the newest key.")

    def status(self, options: Namespace) -> Answer:
        report = key_rotation.report()
        return Answer(asdict(report), as_text(report))

    def rotate(self, options: Namespace) -> Answer:
        try:
            rotated = key_rotation.rotate()
        except UnknownKey as error:
            raise CommandError(
                f"A secret needs the key {error}, which is not in FIELD_KEYS. Add it and run again."
            ) from None
        except InvalidToken:
            raise CommandError("A secret does not belong to its key: it was changed from outside.") from None
        report = key_rotation.report()
        record(by=None, action="keys.rotated", target=Workspace.objects.current(), details={"secrets": rotated})
        return Answer({"rotated": rotated, **asdict(report)}, f"{rotated} secrets moved.\n{as_text(report)}")


def as_text(report: key_rotation.KeyReport) -> str:
    lines = [f"{key}: {count} secrets" for key, count in report.secrets.items()]
    lines += [f"{key}: no longer needed, remove it from FIELD_KEYS" for key in report.removable]
    lines += [f"{key}: missing from FIELD_KEYS, {count} secrets need it" for key, count in report.missing.items()]
    return "\n".join(lines)
