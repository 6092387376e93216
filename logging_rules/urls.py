"""Addresses of the pages about logging."""

from django.urls import path

from logging_rules import views

app_name = "logging_rules"

urlpatterns = [
    path("why/<uuid:code>/", views.why, name="why"),
]
