"""Which servers an address's mail is on. Pure: no Django in here."""

from inboxes.discovery.preset import Server, SignIn
from inboxes.discovery.servers import ServerSettings, Source, discover, known_provider

__all__ = ["Server", "ServerSettings", "SignIn", "Source", "discover", "known_provider"]
