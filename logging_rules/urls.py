"""Addresses of the pages about logging."""

from django.urls import path

from logging_rules.views import dry_run, look_back, why

app_name = "logging_rules"

urlpatterns = [
    path("what-if/", dry_run.what_if, name="what-if"),
    path("dry-run/", dry_run.dry_run, name="dry-run"),
    path("look-back/", look_back.look_back, name="look-back"),
    path("why/<uuid:code>/", why.why, name="why"),
]
