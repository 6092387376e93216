"""A real IMAP server for everything that needs one. A plugin, for tests in several folders."""

import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from crm_project.runner.ports import reserve
from tests.fakes.certificates import LocalAuthority
from tests.fakes.dovecot import Dovecot, Mailbox, require_dovecot

_users = count(1)


@pytest.fixture(scope="session")
def authority() -> Iterator[LocalAuthority]:
    with tempfile.TemporaryDirectory(prefix="genkan-ca-") as folder:
        yield LocalAuthority(Path(folder))


@pytest.fixture
def trusted_authority(authority: LocalAuthority, monkeypatch: pytest.MonkeyPatch) -> LocalAuthority:
    """What an operator with an authority of their own does: OpenSSL reads this variable."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    return authority


@pytest.fixture(scope="session")
def running_dovecot(authority: LocalAuthority) -> Iterator[Dovecot]:
    require_dovecot()
    # Not pytest's own folder: unix sockets need a short path, and the mail user must be able to enter.
    with tempfile.TemporaryDirectory(prefix="genkan-dovecot-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        server = Dovecot(home, authority)
        with reserve(server.port), reserve(server.tls_port):
            server.start()
            yield server
            server.stop()


@pytest.fixture
def dovecot(running_dovecot: Dovecot, trusted_authority: LocalAuthority) -> Dovecot:
    running_dovecot.forget_commands()
    return running_dovecot


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Mailbox:
    """An empty mailbox of its own for each test."""
    return dovecot.mailbox(f"user{next(_users)}")
