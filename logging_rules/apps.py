from importlib import import_module

from django.apps import AppConfig


class LoggingRulesConfig(AppConfig):
    name = "logging_rules"

    def ready(self) -> None:
        import_module("logging_rules.access_notices")
        import_module("logging_rules.audit_words")
        import_module("logging_rules.notices")
        import_module("logging_rules.receivers")
