"""The Celery application and its schedule: one short tick finds due inboxes, everything else is fanned out from there."""

import gc
import os
import sys
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_process_init
from django_structlog.celery.steps import DjangoStructLogInitStep

from crm_project import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")

app = Celery("genkan")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)
app.conf.beat_schedule = {
    # A tick that no worker took in time is worth nothing: the next one finds the same inboxes.
    "sync-due-inboxes": {
        "task": "logging_rules.tasks.sync_due_inboxes",
        "schedule": 10.0,
        "options": {"expires": 10, "queue": "live"},
    },
    "remind-of-disconnections": {"task": "inboxes.tasks.remind_of_disconnections", "schedule": 3600.0},
    "warn-of-expiries": {"task": "inboxes.tasks.warn_of_expiries", "schedule": 21_600.0},
    "keep-all-push": {"task": "inboxes.tasks.keep_all_push", "schedule": 1800.0},
    "sweep-files": {"task": "inboxes.tasks.sweep_files", "schedule": 3600.0},
    "give-back-grants": {"task": "inboxes.tasks.give_back_grants", "schedule": 60.0, "options": {"expires": 60}},
    "use-idle-grants": {"task": "inboxes.tasks.use_idle_grants", "schedule": 21_600.0},
    "forget-old-episodes": {"task": "inboxes.tasks.forget_old_episodes", "schedule": 86_400.0},
    "erase-unlogged": {"task": "logging_rules.tasks.erase_unlogged", "schedule": 900.0},
    "clear-all-removed": {
        "task": "logging_rules.tasks.clear_all_removed",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
    "apply-all-visibility": {
        "task": "logging_rules.tasks.apply_all_visibility",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "finish-past-changes": {"task": "logging_rules.tasks.finish_past_changes", "schedule": 300.0},
    "send-late-notifications": {"task": "notifications.tasks.send_late_e_mails", "schedule": 300.0},
}


@setup_logging.connect
def log_like_everybody_else(**kwargs: Any) -> None:
    """With a receiver here Celery leaves logging alone."""
    logs.apply()


@worker_process_init.connect
def settle_memory(**kwargs: Any) -> None:
    """What is loaded before the first task stays for good: the collector need not look through it after every page of mail.

    Nor through the mail every 700 objects: there is hardly a cycle in it, and a page is 50,000.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@worker_process_init.connect
def take_short_turns(**kwargs: Any) -> None:
    """While a thread reads e-mails ahead, the one that writes them would wait its 5 ms after every answer of the database."""
    sys.setswitchinterval(0.0005)
