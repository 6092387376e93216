"""bin/manage: any management command, with the embedded services up while it runs."""

import subprocess
import sys

from crm_project.runner.environment import with_services, without_services
from crm_project.runner.folders import PROJECT, data_folder

# Commands that need no database, or that start and stop the services themselves.
NEED_NO_SERVICES = {"--help", "--version", "help", "makemigrations", "messages", "services", "version"}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in NEED_NO_SERVICES:
        return run(arguments, without_services(data_folder()))
    with with_services(data_folder()) as environment:
        return run(arguments, environment)


def run(arguments: list[str], environment: dict[str, str]) -> int:
    """The exit code of the command. Ctrl-C reaches it directly; we wait for it to end."""
    process = subprocess.Popen([sys.executable, str(PROJECT / "manage.py"), *arguments], env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
