"""Secrets at rest: readable with their key only, and movable to a new one."""

import io
import json

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from audit.models import AuditEvent
from inboxes import key_rotation
from inboxes.encryption import KeyRing, UnknownKey, key_id
from inboxes.models import Credential, Inbox
from users.models import User

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
SECRET = "app password パスワード"


def credential(owner: User, number: int = 0, secret: str = SECRET) -> Credential:
    inbox = Inbox.objects.create(owner=owner, connected_by=owner, address=f"box{number}@kita.example")
    return Credential.objects.create(inbox=inbox, secret=secret)


def stored(credential: Credential):
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM inboxes_credential WHERE id = %s", [credential.pk])
        return cursor.fetchone()[0]


def run(*words: str):
    out = io.StringIO()
    call_command("keys", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_as_it_was(text: str):
    ring = KeyRing((NEW,))
    assert ring.decrypt(ring.encrypt(text)) == text


def test_an_older_key_still_reads_and_the_newest_writes():
    written = KeyRing((OLD,)).encrypt(SECRET)
    ring = KeyRing((NEW, OLD))
    assert ring.decrypt(written) == SECRET
    assert ring.encrypt(SECRET).partition(":")[0] == key_id(NEW)


def test_a_key_that_left_the_ring_is_named():
    with pytest.raises(UnknownKey, match=key_id(OLD)):
        KeyRing((NEW,)).decrypt(KeyRing((OLD,)).encrypt(SECRET))


def test_a_changed_value_is_refused():
    written = KeyRing((NEW,)).encrypt(SECRET)
    with pytest.raises(InvalidToken):
        KeyRing((NEW,)).decrypt(written[:-8] + "AAAAAAA=")


def test_a_ring_without_keys_is_a_mistake():
    with pytest.raises(ImproperlyConfigured):
        KeyRing(())


def test_the_database_holds_the_secret_under_its_key_id_only(alice: User, settings):
    settings.FIELD_KEYS = [NEW]
    made = credential(alice)
    assert stored(made).startswith(f"{key_id(NEW)}:gAAAA")
    assert SECRET not in stored(made)
    assert Credential.objects.get().secret == SECRET


def test_rotation_moves_every_secret_to_the_newest_key(alice: User, settings):
    settings.FIELD_KEYS = [OLD]
    old = [credential(alice, number, secret=f"secret {number}") for number in range(3)]
    settings.FIELD_KEYS = [NEW, OLD]
    already = credential(alice, 9)
    before = stored(already)
    assert run("rotate") == {
        "rotated": 3,
        "newest": key_id(NEW),
        "secrets": {key_id(NEW): 4, key_id(OLD): 0},
        "removable": [key_id(OLD)],
        "missing": {},
    }
    assert AuditEvent.objects.get().details == {"secrets": 3}
    assert stored(already) == before
    settings.FIELD_KEYS = [NEW]
    assert [Credential.objects.get(pk=row.pk).secret for row in old] == ["secret 0", "secret 1", "secret 2"]
    assert run("rotate")["rotated"] == 0


def test_rotation_goes_through_more_than_one_batch_and_keeps_the_time_of_change(alice: User, settings):
    settings.FIELD_KEYS = [OLD]
    for number in range(5):
        credential(alice, number)
    changed = dict(Credential.objects.values_list("pk", "updated_at"))
    settings.FIELD_KEYS = [NEW, OLD]
    assert key_rotation.rotate(batch=2) == 5
    assert dict(Credential.objects.values_list("pk", "updated_at")) == changed


def test_status_says_what_is_where_without_reading_a_secret(alice: User, settings):
    settings.FIELD_KEYS = [OLD]
    credential(alice)
    settings.FIELD_KEYS = [NEW, OTHER]
    assert run("status") == {
        "newest": key_id(NEW),
        "secrets": {key_id(NEW): 0, key_id(OTHER): 0},
        "removable": [key_id(OTHER)],
        "missing": {key_id(OLD): 1},
    }


def test_rotation_without_the_old_key_names_it_and_changes_nothing(alice: User, settings):
    settings.FIELD_KEYS = [OLD]
    made = credential(alice)
    before = stored(made)
    settings.FIELD_KEYS = [NEW]
    with pytest.raises(CommandError, match=f"needs the key {key_id(OLD)}"):
        run("rotate")
    assert stored(made) == before


def test_rotation_costs_two_statements_a_batch(alice: User, settings):
    settings.FIELD_KEYS = [OLD]
    for number in range(10):
        credential(alice, number)
    settings.FIELD_KEYS = [NEW, OLD]
    with CaptureQueriesContext(connection) as queries:
        key_rotation.rotate()
    changes = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert len(changes) == 1
