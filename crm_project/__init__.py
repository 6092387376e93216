"""Composition root: settings, URLs, the Celery application, system checks and the process runner."""

from crm_project.celery import app as celery_app

__all__ = ["celery_app"]
