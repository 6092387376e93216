"""Addresses of the pages about logging."""

from django.urls import path

from logging_rules.views import look_back, why

app_name = "logging_rules"

urlpatterns = [
    path("look-back/", look_back.look_back, name="look-back"),
    path("why/<uuid:code>/", why.why, name="why"),
]
