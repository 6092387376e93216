"""Background work: what is scheduled exists, and somebody serves its queue."""

import gc
import os
import re
import subprocess
import sys
from pathlib import Path

from celery.signals import worker_process_init

from crm_project.celery import app
from crm_project.runner.dev import QUEUES

PROJECT = Path(__file__).resolve().parents[2]
AS_PYTHON_STARTS = (700, 10, 10)


def our_tasks():
    app.autodiscover_tasks(force=True)  # the loader would set up Django once more, and logging with it
    return {name: task for name, task in app.tasks.items() if not name.startswith("celery.")}


def queue_of(task):
    options = app.amqp.router.route(task._get_exec_options(), task.name)
    queue = options.get("queue")
    return getattr(queue, "name", queue) or app.conf.task_default_queue


def test_every_scheduled_task_exists():
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled - our_tasks().keys() == set()


def test_every_task_waits_in_a_queue_that_workers_serve():
    assert {name: queue_of(task) for name, task in our_tasks().items() if queue_of(task) not in QUEUES.split(",")} == {}


def test_containers_serve_the_same_queues_as_one_machine():
    served = re.search(r"\$\{QUEUES:-([\w,]+)\}", (PROJECT / "bin" / "container").read_text())
    assert served is not None
    assert served.group(1) == QUEUES


def test_a_task_leaves_no_result_and_takes_json_only():
    assert (app.conf.task_ignore_result, app.conf.accept_content, app.conf.task_serializer) == (True, ["json"], "json")


def test_a_task_is_confirmed_after_it_is_done_and_taken_one_at_a_time():
    conf = app.conf
    assert (conf.task_acks_late, conf.task_reject_on_worker_lost, conf.worker_prefetch_multiplier) == (True, True, 1)


def test_a_worker_process_does_not_look_for_garbage_in_the_program_itself_and_has_its_threads_take_short_turns():
    turn, thresholds = sys.getswitchinterval(), gc.get_threshold()
    gc.set_threshold(*AS_PYTHON_STARTS)
    try:
        worker_process_init.send(sender=None)
        assert gc.get_freeze_count() > 10_000
        assert gc.get_threshold() > AS_PYTHON_STARTS
        assert sys.getswitchinterval() < turn
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(turn)


def test_a_worker_loads_the_libraries_of_google_and_microsoft_once_it_needs_them():
    """They weigh as much as the mail of a whole sync."""
    code = (
        "import sys, django; django.setup()\n"
        "from crm_project.celery import app; app.loader.import_default_modules()\n"
        "from django.urls import get_resolver; get_resolver().url_patterns\n"
        "print(sorted({'google.auth', 'google_auth_oauthlib', 'googleapiclient', 'jwt', 'msal', 'requests'} & set(sys.modules)))"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "crm_project.settings"}
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
