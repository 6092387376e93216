"""The audit log keeps what it is given, as it is given."""

import pytest
import structlog
from django.db import DatabaseError, transaction

from audit.actions import record
from audit.models import AuditEvent
from users.models import User


def test_record_keeps_who_did_what_to_what(alice: User, bob: User):
    with structlog.contextvars.bound_contextvars(request_id="0b7f"):
        event = record(by=alice, action="person.greeted", target=bob, details={"times": 2})
    event.refresh_from_db()
    assert (event.actor, event.action, event.target_type, event.target_id) == (
        alice,
        "person.greeted",
        "users.user",
        str(bob.pk),
    )
    assert (event.details, event.request_id) == ({"times": 2}, "0b7f")


def test_record_of_the_system_has_no_actor_and_no_request(alice: User):
    event = record(by=None, action="person.greeted", target=alice)
    assert (event.actor, event.request_id, event.details) == (None, "", {})


def test_a_record_cannot_be_changed(alice: User):
    record(by=alice, action="person.greeted", target=alice)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        AuditEvent.objects.update(action="nothing.happened")
    assert AuditEvent.objects.get().action == "person.greeted"


def test_a_record_cannot_be_deleted(alice: User):
    event = record(by=alice, action="person.greeted", target=alice)
    with pytest.raises(DatabaseError, match="Cannot update or delete"), transaction.atomic():
        event.delete()
    assert AuditEvent.objects.filter(action="person.greeted").count() == 1


def test_only_super_admins_read_the_log(alice: User, admin: User, charlie: User):
    record(by=alice, action="person.greeted", target=alice)
    seen = {person.name: AuditEvent.objects.visible_to(person).count() for person in (alice, admin, charlie)}
    assert seen == {alice.name: 0, admin.name: 1, charlie.name: 0}
