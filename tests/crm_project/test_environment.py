"""Settings from the environment: all mistakes at once, none of them quoting a secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from crm_project.environment import Environment, base_url, database, field_keys, mail_server

PROJECT = Path(__file__).resolve().parents[2]
GOOD = {
    "SECRET_KEY": "k" * 50,
    "FIELD_KEYS": "dW51c2VkLXdoaWxlLWZpbGVzLWFyZS1jb2xsZWN0ZWQ=",
    "DATABASE_URL": "postgresql://genkan:pass@db/genkan",
    "REDIS_URL": "redis://broker/0",
}


def start_with(*command, **environment):
    """What a start of Django says with exactly these settings."""
    return subprocess.run(
        [sys.executable, "manage.py", *(command or ["check"])],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_start_without_settings_names_them_all_with_a_hint_each():
    done = start_with()

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "Genkan cannot start: its environment is incomplete or wrong.",
        "  DATABASE_URL: Environment variable not set.",
        "    postgresql://USER:PASSWORD@HOST:5432/NAME (or ?host=/socket/folder)",
        "  FIELD_KEYS: Environment variable not set.",
        "    Make one: python3 -c 'import base64, os; print(base64.urlsafe_b64encode(os.urandom(32)).decode())'",
        "  REDIS_URL: Environment variable not set.",
        "    redis://:PASSWORD@HOST:6379/0, or rediss:// with TLS",
        "  SECRET_KEY: Environment variable not set.",
        "    Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'",
    ]


def test_wrong_settings_are_reported_together_and_not_quoted():
    secret = "hunter2"
    done = start_with(
        SECRET_KEY=secret,
        FIELD_KEYS=f"{GOOD['FIELD_KEYS']},{secret}",
        DATABASE_URL=f"mysql://u:{secret}@h/d",
        REDIS_URL=f"valkey://:{secret}@h",
        BASE_URL="https://crm.example.com/app",
        EMAIL_URL=f"imap://u:{secret}@h",
        LOG_FORMAT="xml",
    )

    named = [
        line.strip().split(":")[0] for line in done.stderr.splitlines() if line.startswith("  ") and line[2] != " "
    ]
    assert named == ["BASE_URL", "DATABASE_URL", "EMAIL_URL", "FIELD_KEYS", "LOG_FORMAT", "REDIS_URL", "SECRET_KEY"]
    assert secret not in done.stderr


def test_a_public_deployment_refuses_plain_http_and_foreign_hosts():
    done = start_with(**GOOD, BASE_URL="http://crm.example.com", ALLOWED_HOSTS="other.example.com")

    assert done.returncode == 1
    assert "genkan.E001" in done.stderr
    assert "genkan.E002" in done.stderr


def test_a_public_deployment_refuses_debug():
    assert "genkan.E003" in start_with(**GOOD, BASE_URL="https://crm.example.com", DEBUG="1").stderr


def test_a_container_finds_itself_healthy_whatever_names_people_reach_it_by():
    ask = "from django.test import Client; print(Client().get('/healthz', headers={'host': '127.0.0.1:8000'}).content)"
    names = {"BASE_URL": "https://crm.example.com", "ALLOWED_HOSTS": "crm.example.com,crm.example.org"}
    done = start_with("shell", "--no-imports", "-c", ask, **GOOD, **names)

    assert done.stdout == """b'{"status": "ok"}'\n"""


def test_a_complete_deployment_starts():
    done = start_with(**GOOD, BASE_URL="https://crm.example.com", EMAIL_URL="smtps://u:p@smtp.example.com")

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_a_database_url_may_name_a_socket_folder_and_options():
    settings = database("postgresql://genkan:p%40ss@/crm?host=/run/postgresql&port=5433&sslmode=require")

    wanted = {"NAME": "crm", "USER": "genkan", "PASSWORD": "p@ss", "HOST": "/run/postgresql", "PORT": "5433"}
    assert {name: settings[name] for name in wanted} == wanted
    assert settings["OPTIONS"] == {"sslmode": "require"}


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://localhost", 25, False, False),
        ("smtp://u:p@smtp.example.com?tls=true", 587, True, False),
        ("smtps://u:p@smtp.example.com", 465, False, True),
        ("smtp://u:p@smtp.example.com:2525?tls=true", 2525, True, False),
    ],
)
def test_a_mail_server_url_says_port_and_encryption(url, port, tls, ssl):
    settings = mail_server(url)

    assert (settings["EMAIL_PORT"], settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (port, tls, ssl)


def test_the_base_url_loses_its_slash():
    assert base_url("https://crm.example.com/") == "https://crm.example.com"


def test_several_field_keys_keep_their_order():
    first, second = GOOD["FIELD_KEYS"], "b3RoZXIta2V5LXdpdGgtMzItYnl0ZXMtb2Yta2V5ISE="
    assert field_keys(f" {first} , {second} ") == [first, second]


def test_values_of_a_wrong_environment_are_never_used(monkeypatch):
    monkeypatch.setenv("FIELD_KEYS", "short")
    environment = Environment()

    assert environment.field_keys("FIELD_KEYS") is None
    with pytest.raises(ImproperlyConfigured, match="FIELD_KEYS: Key 1 is not 32 bytes of URL-safe base64"):
        environment.seal()
