"""Which servers an address's mail is on. Pure: no Django in here."""

from inboxes.discovery.presets import Server
from inboxes.discovery.servers import ServerSettings, Source, discover, known_provider

__all__ = ["Server", "ServerSettings", "Source", "discover", "known_provider"]
