"""Addresses of the audit log."""

from django.urls import path

from audit import views
from audit.export import Format

app_name = "audit"

urlpatterns = [
    path("", views.audit_log, name="log"),
    *(path(f"export.{form}", views.export, {"file_format": form.value}, name=f"export-{form}") for form in Format),
]
