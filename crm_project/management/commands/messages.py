"""Collects the texts to translate; replaces `makemessages`, which needs GNU gettext."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm_project.translations import Translations


class Command(BaseCommand):
    help = "Brings every app's catalogue (locale/ja/LC_MESSAGES/django.po) up to date with code and templates."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("apps", nargs="*", metavar="APP", help="only these apps (default: all of ours)")
        parser.add_argument(
            "--check", action="store_true", help="write nothing; fail when a text lacks its translation"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ours = [app for app in settings.INSTALLED_APPS if (settings.BASE_DIR / app).is_dir()]
        unknown = set(options["apps"]) - set(ours)
        if unknown:
            raise CommandError(f"No such app: {', '.join(sorted(unknown))}.")
        languages = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
        catalogues = [
            Translations(settings.BASE_DIR, app=app, apps=ours, language=language)
            for app in options["apps"] or ours
            for language in languages
        ]
        if not options["check"]:
            for catalogue in catalogues:
                catalogue.write()
            return
        problems = [problem for catalogue in catalogues for problem in catalogue.problems()]
        if problems:
            raise CommandError("\n".join(problems))
