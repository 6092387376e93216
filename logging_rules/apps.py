from django.apps import AppConfig


class LoggingRulesConfig(AppConfig):
    name = "logging_rules"
