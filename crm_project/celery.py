"""The Celery application and its schedule: one short tick finds due inboxes, everything else is fanned out from there."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")

app = Celery("genkan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
