"""Where Genkan keeps what it makes on this machine."""

import hashlib
import os
from pathlib import Path

from crm_project.runner.account import Account

PROJECT = Path(__file__).resolve().parents[2]
SHARED_STATE = Path("/var/lib/genkan")


def data_folder() -> Path:
    """DATA_DIR, or `.genkan` in the project."""
    return Path(os.environ.get("DATA_DIR") or PROJECT / ".genkan").absolute()


def place_for_data(services: Path, account: Account, *, shared_state: Path = SHARED_STATE) -> Path:
    """The folder of the databases: inside `services`, unless the account they run under cannot get there.

    That is so for root with a project below /root. Data that exists stays where it is, whatever permissions became.
    """
    inside = services / "data"
    name = hashlib.sha256(str(services).encode()).hexdigest()[:12]
    outside = shared_state / name
    if inside.exists():
        return inside
    if not account.switch or (account.can_reach(services) and not outside.exists()):
        inside.mkdir(mode=0o755)
        return inside
    outside.mkdir(mode=0o755, parents=True, exist_ok=True)
    return outside
