"""What every other test relies on."""

import os
import socket

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from tests.conftest import NetworkRefused


@pytest.mark.django_db
def test_the_database_is_postgresql_18_and_reads_japanese_letters():
    with connection.cursor() as cursor:
        cursor.execute("SELECT datctype, datlocale FROM pg_database WHERE datname = current_database()")
        assert cursor.fetchone() == ("C.UTF-8", "C.UTF-8")
        cursor.execute("SHOW server_version_num")
        assert cursor.fetchone()[0].startswith("18")


def test_the_cache_is_a_real_server():
    cache.set("greeting", "こんにちは", timeout=10)
    assert cache.get("greeting") == "こんにちは"


def test_no_test_can_leave_this_machine():
    with socket.socket() as outside, pytest.raises(NetworkRefused):
        outside.connect(("192.0.2.1", 25))
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("mail.example.com", 993)


def test_each_process_has_a_valkey_database_of_its_own():
    assert settings.REDIS_URL == settings.CELERY_BROKER_URL == os.environ["REDIS_URL"]
