"""Addresses of the pages about logging."""

from django.urls import path

from logging_rules.views import why

app_name = "logging_rules"

urlpatterns = [
    path("why/<uuid:code>/", why.why, name="why"),
]
