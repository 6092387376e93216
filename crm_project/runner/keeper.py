"""The process that keeps PostgreSQL and Valkey up for as long as anybody uses them, and then stops both.

users.lock    shared, held by each user (bin/dev, a bin/manage command, a test run): the kernel lets go of it
              however the user ends, so even after a kill -9 of the last one the services end
keeper.lock   exclusive, held by the keeper all its life: one keeper per folder
keep          a file; while it is there (bin/manage services) the services stay up without users
running.json  the addresses, there while the services answer
"""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from crm_project.runner.account import service_account
from crm_project.runner.errors import LaunchError
from crm_project.runner.folders import place_for_data
from crm_project.runner.locks import try_exclusive
from crm_project.runner.postgres import Postgres
from crm_project.runner.secrets_file import read_or_create
from crm_project.runner.valkey import Valkey

LOOK_AGAIN_SECONDS = 0.25


class Keeper:
    def __init__(self, folder: Path, *, throw_away: bool) -> None:
        self.folder = folder
        self.throw_away = throw_away
        account = service_account()
        place = place_for_data(folder, account)
        secrets = read_or_create(folder / "secrets" if throw_away else folder.parent / "secrets")
        self.postgres = Postgres(
            folder=place, account=account, password=secrets["POSTGRES_PASSWORD"], throw_away=throw_away
        )
        self.valkey = Valkey(folder=place, account=account, password=secrets["VALKEY_PASSWORD"], throw_away=throw_away)
        self.must_stop = False

    def start(self) -> str:
        """The addresses as JSON, once both services answer."""
        # Asked of a keeper that did not live to be released: the machine went down.
        (self.folder / "keep").unlink(missing_ok=True)
        self.postgres.start()
        self.valkey.start()
        return self.announce()

    def announce(self) -> str:
        addresses = json.dumps({"database": self.postgres.url, "redis": self.valkey.url})
        # Renamed into place: whoever reads it meanwhile finds all of it.
        new = self.folder / "running.json.new"
        new.touch(mode=0o600)
        new.write_text(addresses)
        new.rename(self.folder / "running.json")
        return addresses

    def watch(self) -> None:
        """Returns when nobody uses the services any more; a service that died meanwhile is started again."""
        with (self.folder / "users.lock").open("w") as users:
            while not self.must_stop:
                if not (self.folder / "keep").exists() and try_exclusive(users):
                    break
                for service in (self.postgres, self.valkey):
                    if not service.is_running():
                        service.start()
                        self.announce()
                time.sleep(LOOK_AGAIN_SECONDS)
            # With the lock still held: whoever comes now waits until the services are down, then starts them anew.
            self.stop()

    def stop(self) -> None:
        (self.folder / "running.json").unlink(missing_ok=True)
        self.valkey.stop()
        self.postgres.stop()
        if self.throw_away:
            shutil.rmtree(self.folder, ignore_errors=True)

    def ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.must_stop = True


def main(folder: Path, *, answer: int, throw_away: bool) -> int:
    """Goes into the background; writes the addresses, or `{"error": …}`, to the file descriptor `answer`."""
    if os.fork():
        return 0
    with (folder / "keeper.lock").open("w") as lock, os.fdopen(answer, "w") as reply:
        if not try_exclusive(lock):
            json.dump({"error": f"Another process already keeps the services of {folder}."}, reply)
            return 1
        keeper = None
        try:
            keeper = Keeper(folder, throw_away=throw_away)
            signal.signal(signal.SIGTERM, keeper.ask_to_stop)
            signal.signal(signal.SIGINT, keeper.ask_to_stop)
            reply.write(keeper.start())
        except LaunchError as error:
            json.dump({"error": str(error)}, reply)
            if keeper:
                keeper.stop()
            return 1
        reply.close()
        keeper.watch()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), answer=int(sys.argv[2]), throw_away="--throw-away" in sys.argv))
