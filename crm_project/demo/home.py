"""Where the demo keeps its mailboxes, the ports its servers listen on, and when it began. Light: the launcher reads it too."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from crm_project.demo.google import registration as google
from crm_project.demo.microsoft import registration as microsoft
from crm_project.runner.ports import free_port, free_ports, is_free

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Ports:
    imap: int
    smtp: int
    google: int
    microsoft: int

    @classmethod
    def free(cls) -> Self:
        return cls(*free_ports(len(fields(cls))))

    def still_free(self) -> Self:
        """With another in place of each that somebody has taken meanwhile."""
        return replace(self, **{name: free_port() for name, port in asdict(self).items() if not is_free(HOST, port)})


@dataclass(frozen=True, slots=True)
class Home:
    """The demo of one data folder. Its mails are dated back from `began`, so that one mail is the same in two mailboxes."""

    folder: Path
    began: datetime
    ports: Ports

    @property
    def mail(self) -> Path:
        return self.folder / "mail"

    @property
    def google(self) -> Path:
        return self.folder / "google"

    @property
    def microsoft(self) -> Path:
        return self.folder / "microsoft"

    @property
    def google_url(self) -> str:
        return f"http://{HOST}:{self.ports.google}"

    @property
    def microsoft_url(self) -> str:
        return f"http://{HOST}:{self.ports.microsoft}"

    def stand_ins(self, environment: Mapping[str, str]) -> dict[str, str]:
        """What has Genkan take the stand-ins for Google and Microsoft; of neither, where the operator has set anything of theirs."""
        wanted: dict[str, str] = {}
        for settings in (google.environment(self.google_url), microsoft.environment(self.microsoft_url)):
            if not any(environment.get(name) for name in settings):
                wanted |= settings
        return wanted

    def save(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"began": self.began.isoformat(), "ports": asdict(self.ports)}
        _file(self.folder).write_text(json.dumps(content))


def folder_in(data: Path) -> Path:
    """That of the demo, below the folder of everything Genkan keeps."""
    return data / "demo"


def known(data: Path) -> Home | None:
    """As it was at the last start, None before the first."""
    folder = folder_in(data)
    try:
        kept = json.loads(_file(folder).read_text())
    except FileNotFoundError:
        return None
    return Home(folder, datetime.fromisoformat(kept["began"]), Ports(**kept["ports"]))


def settle(data: Path, *, now: datetime) -> Home:
    """For a new start of the demo's servers: made if there is none yet, with ports that are free."""
    before = known(data)
    home = replace(before, ports=before.ports.still_free()) if before else Home(folder_in(data), now, Ports.free())
    home.save()
    return home


def _file(folder: Path) -> Path:
    return folder / "home.json"
