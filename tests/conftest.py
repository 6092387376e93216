"""What every test stands on: real PostgreSQL and Valkey of its own, no network beyond this machine."""

import base64
import gc
import ipaddress
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.conf import settings

from crm_project.runner import install, postgres, services

PROJECT = Path(__file__).resolve().parent.parent
PROGRAM_FOLDERS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
_until_the_end = ExitStack()


def pytest_configure() -> None:
    """Runs before pytest-django sets Django up (it does so last), in the controller and in each xdist worker."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        install.compile_translations()
        _start_services()
    else:
        # One Valkey database and one folder for each worker; PostgreSQL databases are told apart by pytest-django.
        server = os.environ["REDIS_URL"].rpartition("/")[0]
        os.environ["REDIS_URL"] = f"{server}/{int(worker.removeprefix('gw')) + 1}"
        data = Path(os.environ["DATA_DIR"]) / worker
        data.mkdir()
        os.environ["DATA_DIR"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "crm_project.settings"
    assert settings.SECRET_KEY  # read now: pytest-django sets up only what is configured
    # An xdist worker that inherited it would read the settings before it has named its own Valkey database.
    del os.environ["DJANGO_SETTINGS_MODULE"]
    # Ours takes a quarter of a second for each password on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Pages link the files as they lie in static/; nothing is collected for a test.
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STATIC_ROOT = settings.STATICFILES_DIRS[0]
    settings.WHITENOISE_AUTOREFRESH = True  # else each test client lists them anew


def pytest_sessionstart(session: pytest.Session) -> None:
    """Django is set up by now, so fixtures that import models can be read."""
    session.config.pluginmanager.import_plugin("tests.order")
    session.config.pluginmanager.import_plugin("tests.databases")
    session.config.pluginmanager.import_plugin("tests.patience")
    session.config.pluginmanager.import_plugin("tests.people")
    session.config.pluginmanager.import_plugin("tests.mail_servers")
    session.config.pluginmanager.import_plugin("tests.fakes.google")
    session.config.pluginmanager.import_plugin("tests.fakes.microsoft")


def pytest_collection() -> None:
    """Thousands of tests that all stay: looking among them for garbage again and again would take a tenth of the time."""
    gc.disable()


def pytest_collection_finish() -> None:
    gc.freeze()
    # Young objects are looked at less often than usual: what a test leaves behind is little.
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def pytest_unconfigure() -> None:
    _until_the_end.close()


def _start_services() -> None:
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        addresses = _until_the_end.enter_context(services.thrown_away())
        if "DATABASE_URL" not in os.environ:
            os.environ["DATABASE_URL"] = addresses["database"]
            os.environ["TEMPLATE_DATABASE"] = postgres.DATABASE
        os.environ.setdefault("REDIS_URL", addresses["redis"])
    data = _until_the_end.enter_context(tempfile.TemporaryDirectory(prefix="genkan-test-"))
    os.environ |= {
        "SECRET_KEY": "a key of the tests, long enough for every check of Django and ours",
        "FIELD_KEYS": base64.urlsafe_b64encode(b"a field key of tests, 32 bytes!!").decode(),
        "DATA_DIR": data,
        "MAIL_HOSTS_ALLOWED": "127.0.0.1,localhost",
        "BASE_URL": "http://testserver",
    }
    of_providers = [name for name in os.environ if name.startswith(("GOOGLE_", "MICROSOFT_", "GRAPH_", "GMAIL_"))]
    for variable in ("ALLOWED_HOSTS", "DEBUG", "EMAIL_URL", "LOG_FORMAT", *of_providers):
        os.environ.pop(variable, None)


class NetworkRefused(RuntimeError):
    """A test tried to leave this machine. Not an OSError: code that expects those would swallow it."""


def _refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        connection, address = arguments
        assert isinstance(connection, socket.socket)
        if connection.family != socket.AF_UNIX and not _is_local(str(address[0])):
            raise NetworkRefused(f"{event} to {address}")
    elif event == "socket.getaddrinfo" and arguments[0] and not _is_local_name(arguments[0]):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known (tests have no network)")


def _is_local(address: str) -> bool:
    if address in {"localhost", ""}:
        return True
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return ip.is_loopback or ip.is_unspecified


def _is_local_name(host: object) -> bool:
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name == "localhost" or name.endswith(".localhost") or name == socket.gethostname():
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


sys.addaudithook(_refuse_network)


@pytest.fixture(scope="session")
def needs_debian() -> Callable[[str, str], str]:
    """`needs_debian("dovecot", "dovecot-imapd")` is the program's path; without it the test is skipped, in CI it fails."""

    def find(program: str, package: str) -> str:
        path = shutil.which(program, path=PROGRAM_FOLDERS)
        if path:
            return path
        line = f"{program} is missing: apt-get install {package}"
        if os.environ.get("CI"):
            pytest.fail(line)
        pytest.skip(line)

    return find
