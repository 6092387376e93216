"""Addresses of what super admins look after: all connections, what may be connected, people who leave."""

from django.urls import path

from inboxes.views import policy
from logging_rules.views import console, leaving, people

app_name = "connections"

urlpatterns = [
    path("inboxes/", console.console, name="console"),
    path("inboxes/export.csv", console.export, name="export"),
    path("inboxes/disable/", console.take_off, name="take-off"),
    path("inboxes/<uuid:code>/", console.connection, name="connection"),
    path("inboxes/<uuid:code>/pause/", console.pause, name="pause"),
    path("inboxes/<uuid:code>/resume/", console.resume, name="resume"),
    path("inboxes/<uuid:code>/force-disconnect/", console.force_disconnect, name="force-disconnect"),
    path("policy/", policy.policy, name="policy"),
    path("people/<uuid:code>/", people.person, name="person"),
    path("people/<uuid:code>/leaving/", leaving.leaving, name="leaving"),
    path("people/<uuid:code>/leaving/handover/", leaving.handover, name="leaving-handover"),
    path("people/<uuid:code>/leaving/confirm/", leaving.confirm, name="leaving-confirm"),
    path("departures/<uuid:code>/", leaving.departure, name="departure"),
    path("people/<uuid:code>/connecting/", policy.except_person, name="except-person"),
]
