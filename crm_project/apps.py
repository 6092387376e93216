from django.apps import AppConfig


class CrmProjectConfig(AppConfig):
    name = "crm_project"

    def ready(self) -> None:
        from crm_project import checks  # noqa: F401, PLC0415 - registers the system checks
