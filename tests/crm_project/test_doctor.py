"""`manage.py doctor` names what is wrong with an installation, and what to do."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from crm_project import doctor
from tests.factories.inboxes import connected_inbox

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def well_set_up(settings, tmp_path):
    """Nobody answers as a worker here; everything else is in order."""
    settings.BASE_URL = "http://localhost"
    settings.MEDIA_ROOT = tmp_path
    for name in ("GOOGLE", "MICROSOFT"):
        setattr(settings, f"{name}_CLIENT_ID", "")
        setattr(settings, f"{name}_CLIENT_SECRET", "")


def examine():
    """Each topic with its state; whether the command failed."""
    out, failed = StringIO(), False
    try:
        call_command("doctor", "--json", stdout=out)
    except CommandError:
        failed = True
    return {finding["topic"]: finding for finding in json.loads(out.getvalue())}, failed


def state(topic):
    return examine()[0][topic]["state"]


def finding(part):
    """What one part says first, without asking the others."""
    return next(part.examine())


def test_parts_that_work_and_parts_nobody_set_up_are_told_apart_from_those_to_mend():
    found, failed = examine()
    states = {topic: finding["state"] for topic, finding in found.items()}
    assert {topic: states[topic] for topic in ("Database", "Broker", "Files", "Keys", "Google", "Microsoft")} == {
        "Database": "ok",
        "Broker": "ok",
        "Files": "ok",
        "Keys": "ok",
        "Google": "off",
        "Microsoft": "off",
    }
    assert (states["Workers"], states["Schedule"], failed) == ("wrong", "off", True)
    assert all(finding["fix"] for finding in found.values() if finding["state"] in ("warning", "wrong"))


def test_it_can_be_read_by_people(settings):
    out = StringIO()
    with pytest.raises(CommandError, match="to mend"):
        call_command("doctor", stdout=out)
    assert "✗ Workers: none answers\n    Start one" in out.getvalue()


def test_inboxes_nobody_syncs_show_that_the_schedule_stands_still(alice):
    connected_inbox(alice, next_due_at=timezone.now() - timedelta(hours=1))
    assert state("Schedule") == "warning"


def test_files_that_cannot_be_written_are_named(settings, tmp_path):
    (tmp_path / "file").touch()
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    assert state("Files") == "wrong"


def test_a_client_google_knows_is_told_from_one_it_does_not(google, settings):
    assert finding(doctor.google).state == "ok"
    settings.GOOGLE_CLIENT_SECRET = "of-yesterday"
    found = finding(doctor.google)
    assert (found.state, found.fix) == ("wrong", "See docs/google.md.")
    settings.GOOGLE_CLIENT_SECRET = ""
    assert finding(doctor.google).says == "GOOGLE_CLIENT_SECRET is missing"


def test_a_client_microsoft_knows_is_told_from_one_it_does_not(microsoft, settings):
    assert finding(doctor.microsoft).state == "ok"
    settings.MICROSOFT_CLIENT_SECRET = "run-out"
    assert finding(doctor.microsoft).state == "wrong"


def test_a_provider_that_cannot_be_reached_is_no_fault_of_the_client(google, settings):
    settings.GOOGLE_TOKEN_URL = "http://127.0.0.1:1/token"
    assert finding(doctor.google).state == "warning"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "warning"),  # not https
        ({"IS_HTTPS": True}, "ok"),
        ({"GOOGLE_PUBSUB_TOPIC": "", "GOOGLE_PUSH_ACCOUNT": ""}, "off"),
        ({"GOOGLE_PUBSUB_TOPIC": ""}, "wrong"),
        ({"GOOGLE_PUSH_ACCOUNT": ""}, "wrong"),
        ({"GOOGLE_PUBSUB_TOPIC": "mail"}, "wrong"),
        ({"GOOGLE_PUSH_ACCOUNT": "somebody@gmail.com"}, "wrong"),
        ({"IS_HTTPS": True, "GOOGLE_CERTS_URL": "http://127.0.0.1:1/certs"}, "wrong"),
        ({"IS_HTTPS": True, "GOOGLE_CERTS_URL": "elsewhere"}, "wrong"),
    ],
)
def test_what_is_half_set_up_for_announcements_is_named(google, settings, changes, expected):
    for name, value in changes.items():
        setattr(settings, name, f"{google.url}/elsewhere" if value == "elsewhere" else value)
    assert [found.state for found in doctor.google.examine() if found.topic == "Google push"] == [expected]


def test_no_secret_is_said(google, microsoft, settings):
    settings.MICROSOFT_CLIENT_SECRET = "secret-that-is-wrong"
    said = json.dumps(examine()[0])
    assert "secret-that-is-wrong" not in said
    assert settings.GOOGLE_CLIENT_SECRET not in said
