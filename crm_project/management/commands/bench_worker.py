"""`manage.py bench_worker`: one worker process for `bench`, driven over its standard input.

It does what a Celery worker does, without waiting for a tick. A request is a line of JSON, and so is its answer; the process
ends with its input. Only for a database that is thrown away afterwards.
"""

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from celery.signals import worker_process_init
from django.conf import settings
from django.core.management.base import BaseCommand

from contacts.models import Contact, ContactAddress
from crm_project.bench.pages import fill_console, first_bytes
from crm_project.bench.reading import find_mail, read_timeline
from crm_project.bench.stored_mail import fill_timelines
from crm_project.celery import app
from inboxes import actions
from inboxes.models import LedgerEntry, LedgerState, Message, Security
from inboxes.providers.imap.cursors import parse_remote_id
from inboxes.sync.engine import Outcome
from logging_rules.actions import set_inbox_policy
from logging_rules.facts import Preset
from logging_rules.slices import sync_slice
from users.models import User

OWNER = "owner@workspace.example"


class Command(BaseCommand):
    help = "One worker for `bench`, driven by lines of JSON on standard input."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        requests: dict[str, Callable[..., dict[str, Any]]] = {
            "prepare": prepare,
            "connect": connect,
            "sync": sync,
            "logged": logged,
            "fill_console": fill_console,
            "first_bytes": first_bytes,
            "fill_timelines": fill_timelines,
            "read_timeline": read_timeline,
            "find_mail": find_mail,
        }
        for line in sys.stdin:
            request = json.loads(line)
            answer = requests[request.pop("do")](**request)
            self.stdout.write(json.dumps(answer))
            self.stdout.flush()


def prepare(*, contacts: Sequence[str]) -> dict[str, Any]:
    """Empty tables, one person and the contacts; everything loaded that a worker has loaded."""
    # In another process: no worker carries what migrating leaves in memory.
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0", "--skip-checks"], check=True, cwd=settings.BASE_DIR
    )
    # Pages link the files as they lie in static/: nothing is collected for a measurement.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    User.objects.create_user(OWNER)
    made = Contact.objects.bulk_create(Contact(name=email.partition("@")[0]) for email in contacts)
    ContactAddress.objects.bulk_create(
        ContactAddress(contact=contact, email=email) for contact, email in zip(made, contacts, strict=True)
    )
    app.loader.import_default_modules()
    worker_process_init.send(sender=None)
    return {}


def connect(*, address: str, port: int, username: str, password: str, preset: str) -> dict[str, Any]:
    """An inbox on this machine that is due, and the key the other requests name it by."""
    owner = User.objects.get_by_natural_key(OWNER)
    login = actions.ServerLogin(host="127.0.0.1", port=port, security=Security.NONE, username=username)
    details = actions.ConnectionDetails(address=address, imap=login, password=password)
    inbox = actions.connect_imap_inbox(details=details, history_since=None, by=owner)
    set_inbox_policy(inbox=inbox, preset=Preset(preset), by=owner)
    actions.start(inbox=inbox, by=owner)
    return {"inbox": inbox.pk}


def sync(*, inbox: int) -> dict[str, Any]:
    """Slice after slice, until nothing is left to do now."""
    counts: Counter[str] = Counter()
    began, processor = time.perf_counter(), _processor_seconds()
    while True:
        report = sync_slice(inbox_id=inbox, worker="bench")
        counts.update(report.counts)
        if report.outcome is not Outcome.MORE:
            break
    return {
        "outcome": report.outcome,
        "cause": report.cause,
        "seconds": time.perf_counter() - began,
        "processor_seconds": _processor_seconds() - processor,
        "counts": counts,
        "stored": Message.objects.count(),
        "peak_megabytes": _peak_megabytes(),
    }


def logged(*, inbox: int) -> dict[str, list[int]]:
    """The UIDs of what was logged, by folder."""
    rows = LedgerEntry.objects.filter(inbox=inbox, state=LedgerState.LOGGED).values_list("folder__name", "remote_id")
    uids: dict[str, list[int]] = {}
    for name, remote_id in rows:
        uids.setdefault(name, []).append(parse_remote_id(remote_id).uid)
    return {name: sorted(found) for name, found in uids.items()}


def _processor_seconds() -> float:
    """Of this process and of those it started that have ended: the one that reads mail ends with its slice."""
    used = [resource.getrusage(which) for which in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _peak_megabytes() -> float:
    """Of this program alone: `getrusage` would count the one that started it as well. Linux only, as Dovecot's server is."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024
