from importlib import import_module

from django.apps import AppConfig


class InboxesConfig(AppConfig):
    name = "inboxes"

    def ready(self) -> None:
        import_module("inboxes.audit_words")
        import_module("inboxes.change_notices")
        import_module("inboxes.member_notices")
        import_module("inboxes.notices")
        import_module("inboxes.receivers")
        import_module("inboxes.revocation_notices")
