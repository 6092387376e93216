"""The stand-in for Microsoft goes on after a restart as if nothing had happened."""

import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.demo.microsoft_clients import CALLBACK, READ, Graph, application, mail
from tests.fakes.microsoft import FakeMicrosoft

YUKI = "yuki@minato.example"


@pytest.fixture
def kept(tmp_path: Path) -> FakeMicrosoft:
    microsoft = FakeMicrosoft()
    assert microsoft.keep_in(tmp_path) is False
    return microsoft


def again(microsoft: FakeMicrosoft, folder: Path) -> FakeMicrosoft:
    other = FakeMicrosoft(port=microsoft.port)
    assert other.keep_in(folder) is True
    return other


def test_mail_tokens_and_links_outlive_a_restart(kept, tmp_path):
    with kept:
        mailbox = kept.mailbox(YUKI, language="ja")
        ids = [mailbox.deliver(mail(f"Mail {number}"), categories=["CRM/Log"]) for number in range(3)]
        place = mailbox.folder("案件/2026")
        mailbox.move(ids[0], place.id)
        mailbox.purge(ids[1])
        client = Graph(kept, YUKI)
        _, link = client.round("me/mailFolders/inbox/messages/delta")
        before = client.rows("me/messages")
    with again(kept, tmp_path) as other:
        assert client.rows("me/messages") == before
        box = other.mailbox(YUKI)
        new = box.deliver(mail("New"))
        box.move(ids[0], "inbox")
        rows = client.round(link)[0][0]
        assert {row["id"] for row in rows} == {new, ids[0]}
        assert new not in ids
        assert client.get(f"me/mailFolders/{place.id}").json()["displayName"] == "2026"
        refreshed = application(other).acquire_token_by_refresh_token(client.grant["refresh_token"], READ)
        assert "access_token" in refreshed
    client.close()


def test_consent_policy_and_revocation_outlive_a_restart(kept, tmp_path):
    with kept:
        kept.tenant("minato.example", policy="administrator").granted.add("https://graph.microsoft.com/Mail.Read")
        kept.mailbox(YUKI)
        grant = kept.grant(YUKI, READ)
        kept.revoke(YUKI)
    with again(kept, tmp_path) as other:
        refused = application(other).acquire_token_by_refresh_token(grant["refresh_token"], READ)
        assert refused["error_codes"] == [50173]
        assert other.tenant("minato.example", policy="administrator").granted == {
            "https://graph.microsoft.com/Mail.Read"
        }


def test_mailboxes_can_be_filled_before_anything_runs(kept, tmp_path):
    kept.mailbox(YUKI, language="ja").deliver(mail("First"))
    kept.save()
    box = again(kept, tmp_path).mailbox(YUKI)
    assert [message.content.subject for message in box.messages.values()] == ["First"]
    assert box.folder("inbox").name == "受信トレイ"


def test_another_process_can_bring_mail(microsoft):
    mailbox = microsoft.mailbox(YUKI)
    where = {"to": YUKI, "folder": "archive"}
    answer = requests.post(f"{microsoft.url}/stand-in/deliver", params=where, data=mail("Brought"), timeout=60)
    assert mailbox.message(answer.text).content.subject == "Brought"
    assert YUKI in requests.get(microsoft.url, timeout=60).text
    assert (
        requests.post(f"{microsoft.url}/stand-in/deliver", params={"to": "x@y.example"}, timeout=60).status_code == 404
    )


def test_the_command_runs_until_it_is_stopped(tmp_path):
    command = [sys.executable, "manage.py", "demo_microsoft", "--folder", str(tmp_path), "--account", YUKI]
    command += ["--redirect-uri", CALLBACK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        told = dict(process.stdout.readline().strip().split("=", 1) for _ in range(4))
        assert YUKI in requests.get(told["GRAPH_ROOT"].removesuffix("/v1.0"), timeout=60).text
        process.terminate()
        assert process.wait(60) == 0
    assert (tmp_path / "state.json").exists()
