"""What the measured process does for `bench console`: many connections, and pages timed as a web server would ask for them."""

import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import median
from typing import Any

from django.test import Client
from django.utils import timezone

from inboxes.models import Folder, Inbox, InboxKind, InboxStatus
from users.models import Role, User

ADMIN = "admin@workspace.example"
PEOPLE, FOLDERS = 100, 6
COUNTS = {"no_known_contact": 41_234, "automatic_mail": 9_120, "known_contact_incoming": 2_881, "internal_only": 70}


def fill_console(*, team: int, personal: int) -> dict[str, Any]:
    """So many connected inboxes of a hundred people, each with folders that were read."""
    User.objects.create_user(ADMIN, name="Admin", role=Role.SUPER_ADMIN)
    people = [
        User.objects.create_user(f"person{number}@workspace.example", name=f"Person {number}")
        for number in range(PEOPLE)
    ]
    now = timezone.now()
    inboxes = Inbox.objects.bulk_create(
        Inbox(
            owner=people[number % PEOPLE],
            connected_by=people[number % PEOPLE],
            kind=InboxKind.TEAM if number < team else InboxKind.PERSONAL,
            address=f"inbox{number:04}@workspace.example",
            status=InboxStatus.ACTIVE,
            live_synced_at=now - timedelta(minutes=number),
        )
        for number in range(team + personal)
    )
    Folder.objects.bulk_create(
        Folder(inbox=inbox, remote_id=str(number), name=f"Folder {number}", role="other", counts=COUNTS)
        for inbox in inboxes
        for number in range(FOLDERS)
    )
    return {}


def first_bytes(*, paths: Sequence[str], visits: int) -> dict[str, list[float]]:
    """By path: the median time to its first byte, and to its last. A path under /admin/ is visited by a super admin."""
    clients = {path: Client(SERVER_NAME="localhost") for path in paths}
    for path, client in clients.items():
        if path.startswith("/admin/"):
            client.force_login(User.objects.get_by_natural_key(ADMIN))
    visited: dict[str, list[tuple[float, float]]] = {path: [] for path in paths}
    for _ in range(visits + 1):  # the first loads what is loaded once
        for path, client in clients.items():
            visited[path].append(_visit(client, path))
    return {path: [median(times) for times in zip(*visited[path][1:], strict=True)] for path in paths}


def _visit(client: Client, path: str) -> tuple[float, float]:
    began = time.perf_counter()
    response = client.get(path)
    parts = iter(response)
    next(parts)
    first = time.perf_counter() - began
    for _part in parts:
        pass
    return first, time.perf_counter() - began
