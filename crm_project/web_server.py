"""How gunicorn logs here: like every other process (`gunicorn --logger-class crm_project.web_server.Logger`)."""

import os

from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger

from crm_project import logs


class Logger(GunicornLogger):  # type: ignore[misc] # gunicorn carries no types
    def setup(self, cfg: Config) -> None:
        """gunicorn's own handlers would write addresses in paths and messages of exceptions around ours."""
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
        logs.apply()
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
