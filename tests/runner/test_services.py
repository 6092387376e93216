"""The embedded services: shared by their users, gone with the last one, whatever way it ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg2
import pytest
import redis

from crm_project.runner import services
from crm_project.runner.errors import LaunchError
from crm_project.runner.folders import PROJECT
from crm_project.runner.locks import is_held

USER = """
import sys, time
from pathlib import Path
from crm_project.runner import services
with services.in_use(Path(sys.argv[1]), throw_away=False) as addresses:
    print(addresses["database"], flush=True)
    time.sleep(600)
"""


@pytest.fixture
def folder():
    """Below /tmp itself: the unprivileged account of the services cannot enter pytest's folders."""
    with tempfile.TemporaryDirectory(prefix="genkan-services-") as path:
        Path(path).chmod(0o711)
        folder = Path(path) / "services"
        yield folder
        services.release(folder)
        wait_until(lambda: not is_up(folder))


def is_up(folder):
    return folder.exists() and is_held(folder / "keeper.lock")


def wait_until(condition, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def processes_in(folder):
    """Ids of living processes that work in this folder or were told of it."""
    return list(commands_in(folder))


def commands_in(folder):
    """Their command lines by id, read at once: a process may end at any moment."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = os.fsdecode((process / "cmdline").read_bytes())
            home = (process / "cwd").readlink()
        except OSError:
            continue
        if (str(folder) in command or home.is_relative_to(folder)) and int(process.name) != os.getpid():
            found[int(process.name)] = command
    return found


def server_pid(folder):
    """None while there is no server: it writes the file in several steps, and its status last."""
    with contextlib.suppress(FileNotFoundError):
        lines = (folder / "data" / "postgres" / "postmaster.pid").read_text().splitlines()
        if len(lines) > 7 and lines[7].strip() == "ready":
            return int(lines[0])
    return None


def query(url, statement):
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def start_user(folder):
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, encoding="utf-8"
    )
    return user, user.stdout.readline().strip()


def test_data_survives_a_stop_and_a_start(folder):
    with services.in_use(folder) as addresses:
        query(addresses["database"], "CREATE TABLE kept AS SELECT 'まだある' AS word")
        redis.Redis.from_url(addresses["redis"]).set("kept", "yes")
    wait_until(lambda: processes_in(folder) == [])

    with services.in_use(folder) as addresses:
        assert query(addresses["database"], "SELECT word FROM kept") == [("まだある",)]
        assert redis.Redis.from_url(addresses["redis"]).get("kept") == b"yes"


def test_a_second_user_gets_the_same_services_and_keeps_them_up(folder):
    with services.in_use(folder) as first:
        second, address = start_user(folder)
        assert address == first["database"]
    time.sleep(1)
    assert query(address, "SELECT 1") == [(1,)]

    second.kill()
    second.communicate()
    wait_until(lambda: processes_in(folder) == [])


def test_nothing_is_left_after_a_kill_of_the_only_user(folder):
    user, address = start_user(folder)
    assert query(address, "SELECT 1") == [(1,)]

    user.kill()
    user.communicate()

    wait_until(lambda: processes_in(folder) == [])
    assert not (folder / "running.json").exists()


def test_a_killed_keeper_takes_the_services_along_and_the_next_user_starts_them_again(folder):
    with services.in_use(folder) as addresses:
        query(addresses["database"], "CREATE TABLE kept AS SELECT 1 AS number")
        [keeper] = [pid for pid, command in commands_in(folder).items() if "runner.keeper" in command]
        os.kill(keeper, signal.SIGKILL)
        wait_until(lambda: processes_in(folder) == [])

    with services.in_use(folder) as addresses:
        assert query(addresses["database"], "SELECT number FROM kept") == [(1,)]


def test_a_killed_database_is_started_again_on_the_same_address(folder):
    with services.in_use(folder) as addresses:
        killed = server_pid(folder)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: server_pid(folder) not in {None, killed})

        assert query(addresses["database"], "SELECT 1") == [(1,)]


def test_a_postmaster_file_that_names_an_unrelated_process_does_not_stop_the_start(folder):
    with services.in_use(folder):
        pass
    wait_until(lambda: not is_up(folder))
    pid_file = folder / "data" / "postgres" / "postmaster.pid"
    data = folder / "data" / "postgres"
    pid_file.write_text(f"{os.getpid()}\n{data}\n1\n5432\n\n127.0.0.1\n  1 1\nready\n")
    owner = data.stat()
    os.chown(pid_file, owner.st_uid, owner.st_gid)

    with services.in_use(folder) as addresses:
        assert query(addresses["database"], "SELECT 1") == [(1,)]


def test_kept_services_stay_without_users_until_they_are_released(folder):
    addresses = services.keep(folder)
    time.sleep(1)
    assert query(addresses["database"], "SELECT 1") == [(1,)]

    assert services.release(folder) is True
    wait_until(lambda: processes_in(folder) == [])


def test_released_services_stay_up_for_their_user(folder):
    services.keep(folder)
    with services.in_use(folder) as addresses:
        assert services.release(folder) is False
        time.sleep(1)
        assert query(addresses["database"], "SELECT 1") == [(1,)]
    wait_until(lambda: processes_in(folder) == [])


def test_data_of_another_major_version_is_refused_and_untouched(folder):
    with services.in_use(folder):
        pass
    wait_until(lambda: not is_up(folder))
    version = folder / "data" / "postgres" / "PG_VERSION"
    version.write_text("17\n")

    with (
        pytest.raises(LaunchError, match=r"was created by PostgreSQL 17; this is PostgreSQL 18"),
        services.in_use(folder),
    ):
        pass

    assert version.read_text() == "17\n"
    version.write_text("18\n")


def test_strangers_are_refused_by_both_services(folder):
    with services.in_use(folder) as addresses:
        port = addresses["database"].rpartition(":")[2].partition("/")[0]
        for user in ("genkan", "postgres"):
            with pytest.raises(psycopg2.OperationalError, match=r"no password supplied|authentication failed"):
                psycopg2.connect(f"postgresql://{user}:guess@127.0.0.1:{port}/genkan")
        broker = addresses["redis"].rpartition("@")[2]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://{broker}").ping()


def test_secrets_and_data_are_closed_to_other_accounts(folder):
    with services.in_use(folder):
        data = folder / "data"
        assert (folder.parent / "secrets").stat().st_mode & 0o777 == 0o600
        assert (folder / "running.json").stat().st_mode & 0o777 == 0o600
        assert [(data / name).stat().st_mode & 0o777 for name in ("postgres", "valkey")] == [0o700, 0o700]
        password = json.loads((folder / "running.json").read_text())["database"].split(":")[2].split("@")[0]
        commands = commands_in(folder).values()
        assert commands
        assert [command for command in commands if password in command] == []


def test_the_application_is_no_superuser_of_its_database(folder):
    with services.in_use(folder) as addresses:
        statement = "SELECT current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert query(addresses["database"], statement) == [("genkan", False, True)]
