import os
import signal
import subprocess
import sys
from pathlib import Path

import requests
from google.auth.transport.requests import Request

from crm_project.demo.google.server import FakeGoogle
from tests.demo.google_client import YUKI, credentials, gmail, mail

PROJECT = Path(__file__).resolve().parent.parent.parent


def test_a_stand_in_goes_on_where_it_ended(tmp_path):
    with FakeGoogle() as first:
        assert first.keep_in(tmp_path) is False
        box = first.mailbox(YUKI, name="Yuki")
        box.add_alias("sales@minato.example")
        kept = box.deliver(mail("kept", message_id="k@x.example"), labels=["INBOX", "CRM/Log"])
        box.delete(box.deliver(mail("deleted")))
        held = credentials(first)
        start = box.history_id
        later = box.deliver(mail("later"))
        profile, contents = gmail(first).getProfile(userId="me").execute(), box.contents()
        subject = first.grants.subject_of(YUKI)

    with FakeGoogle() as second:
        assert second.keep_in(tmp_path) is True
        box = second.mailbox(YUKI)
        assert (box.name, box.contents(), second.grants.subject_of(YUKI)) == ("Yuki", contents, subject)
        assert [alias.address for alias in box.aliases] == [YUKI, "sales@minato.example"]
        held._token_uri = second.environment()["GOOGLE_TOKEN_URL"]
        held.refresh(Request())
        users = gmail(second)
        assert users.getProfile(userId="me").execute() == profile
        told = users.history().list(userId="me", startHistoryId=start).execute()["history"]
        assert [record["messagesAdded"][0]["message"]["id"] for record in told] == [later]
        assert users.messages().list(userId="me", q="label:crm-log").execute()["messages"][0]["id"] == kept
        assert box.deliver(mail("new")) not in contents
        assert box.label_id("Another") not in {label for labels, _raw in contents.values() for label in labels}


def test_what_is_granted_survives_a_sudden_end(tmp_path):
    with FakeGoogle() as first:
        first.keep_in(tmp_path)
        first.mailbox(YUKI)
        token = credentials(first).refresh_token
        requests.post(f"{first.url}/revoke", {"token": "nothing"}, timeout=60)
        for _time in range(1_200):
            if (tmp_path / "state.json").exists():
                break
            first._stopping.wait(0.05)
        assert token in (tmp_path / "state.json").read_text()
        assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0


def test_the_command_runs_until_it_is_stopped_and_takes_mail(tmp_path):
    command = [sys.executable, "manage.py", "demo_google", "--folder", str(tmp_path), "--account", YUKI]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "crm_project.settings"}
    with subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            shown = dict(process.stdout.readline().strip().split("=", 1) for _line in range(9))
            url = f"{shown['GOOGLE_API_ROOT']}/stand-in/deliver"
            kind = {"Content-Type": "message/rfc822"}
            delivered = requests.post(url, mail(), params={"to": YUKI, "label": ["INBOX"]}, headers=kind, timeout=60)
            unknown = requests.post(url, mail(), params={"to": "nobody@minato.example"}, headers=kind, timeout=60)
            bare = requests.post(url, mail(), params={"to": YUKI}, timeout=60)
            assert [answer.status_code for answer in (delivered, unknown, bare)] == [200, 404, 400]
            assert YUKI in requests.get(shown["GOOGLE_API_ROOT"], timeout=60).text
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    assert (tmp_path / YUKI / f"{delivered.json()['id']}.eml").read_bytes() == mail()
