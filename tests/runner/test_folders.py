"""Where the databases are put."""

import os
import tempfile
from pathlib import Path

import pytest

from crm_project.runner.account import Account, service_account
from crm_project.runner.folders import place_for_data

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the services to another account")


@pytest.fixture
def top():
    with tempfile.TemporaryDirectory(prefix="genkan-folders-") as path:
        Path(path).chmod(0o711)
        yield Path(path)


def services_below(top, *, mode):
    project = top / "project"
    project.mkdir(mode=mode)
    (project / "services").mkdir()
    return project / "services"


def test_an_ordinary_user_keeps_them_in_the_project(top):
    services = services_below(top, mode=0o700)
    account = Account(uid=os.geteuid(), gid=os.getegid(), switch=False)

    assert place_for_data(services, account, shared_state=top / "state") == services / "data"


@only_root
def test_roots_databases_stay_in_a_project_that_their_account_can_enter(top):
    services = services_below(top, mode=0o755)

    assert place_for_data(services, service_account(), shared_state=top / "state") == services / "data"


@only_root
def test_roots_databases_move_out_of_a_home_that_their_account_cannot_enter(top):
    services = services_below(top, mode=0o700)

    place = place_for_data(services, service_account(), shared_state=top / "state")

    assert place.parent == top / "state"
    assert services.parent.stat().st_mode & 0o777 == 0o700


@only_root
def test_databases_that_exist_stay_where_they_are_when_permissions_change(top):
    services = services_below(top, mode=0o700)
    place = place_for_data(services, service_account(), shared_state=top / "state")

    services.parent.chmod(0o755)

    assert place_for_data(services, service_account(), shared_state=top / "state") == place
