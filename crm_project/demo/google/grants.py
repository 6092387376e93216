"""What people allowed which client: codes, tokens, and when they end."""

import secrets
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from crm_project.demo.clock import Clock
from crm_project.demo.google.answers import Answer

ACCESS_LIFETIME = timedelta(seconds=3599)
CODE_LIFETIME = timedelta(minutes=10)
TESTING_LIFETIME = timedelta(days=7)
IDLE_LIFETIME = timedelta(days=182)
# Beyond this many the oldest token of an account and client dies silently.
MAX_REFRESH_TOKENS = 100
MAIL_SCOPES = ("https://mail.google.com/", "https://www.googleapis.com/auth/gmail.")


@dataclass(slots=True)
class Client:
    """A registered application.

    `is_testing`: its refresh tokens live for seven days. `organisation`: the domain whose accounts alone may use it, "" for all.
    """

    id: str
    secret: str
    name: str = "Genkan"
    redirect_uris: list[str] = field(default_factory=list)
    is_testing: bool = False
    organisation: str = ""


@dataclass(slots=True)
class Code:
    value: str
    client_id: str
    address: str
    scopes: tuple[str, ...]
    redirect_uri: str
    issued_at: datetime
    challenge: str = ""
    challenge_method: str = ""
    nonce: str = ""
    gives_refresh_token: bool = True
    is_used: bool = False


@dataclass(slots=True)
class RefreshToken:
    value: str
    client_id: str
    address: str
    scopes: tuple[str, ...]
    issued_at: datetime
    used_at: datetime
    is_dead: bool = False


@dataclass(slots=True)
class AccessToken:
    value: str
    client_id: str
    address: str
    scopes: tuple[str, ...]
    expires_at: datetime
    is_dead: bool = False


class Grants:
    """`policies`: what the token endpoint answers for an address instead, and whose sign-in is refused with these words."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.clients: dict[str, Client] = {}
        self.consents: dict[tuple[str, str], tuple[str, ...]] = {}
        self.codes: dict[str, Code] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.subjects: dict[str, str] = {}
        self.policies: dict[str, Answer] = {}
        self.rotates = False

    def subject_of(self, address: str) -> str:
        """The account's number: it stays when the address changes."""
        return self.subjects.setdefault(address, f"1{zlib.crc32(address.encode()):020d}")

    def rename(self, address: str, new: str) -> None:
        self.subjects[new] = self.subject_of(address)
        del self.subjects[address]
        for held in self._all():
            held.address = new if held.address == address else held.address
        self.consents = {
            (client, new if owner == address else owner): scopes for (client, owner), scopes in self.consents.items()
        }

    def allowed(self, client: Client, address: str) -> tuple[str, ...]:
        """The scopes this person has allowed the client so far."""
        return self.consents.get((client.id, address), ())

    def allow(self, client: Client, address: str, scopes: Iterable[str], *, together: bool) -> tuple[str, ...]:
        """Notes the consent; returns what a token made now covers: with `together` all that was ever allowed."""
        chosen = tuple(dict.fromkeys(map(canonical, scopes)))
        known = self.allowed(client, address)
        everything = tuple(dict.fromkeys([*chosen, *known]))
        self.consents[client.id, address] = everything
        return everything if together else chosen

    def make_code(
        self, client: Client, address: str, scopes: tuple[str, ...], redirect_uri: str, **more: object
    ) -> Code:
        value = f"4/0A{secrets.token_urlsafe(48)}"
        code = Code(value, client.id, address, scopes, redirect_uri, self.clock.now(), **more)  # type: ignore[arg-type]
        self.codes[value] = code
        return code

    def make_access_token(self, client: Client, address: str, scopes: tuple[str, ...]) -> AccessToken:
        value = f"ya29.a0{secrets.token_urlsafe(80)}"
        token = AccessToken(value, client.id, address, scopes, self.clock.now() + ACCESS_LIFETIME)
        self.access_tokens[value] = token
        return token

    def make_refresh_token(self, client: Client, address: str, scopes: tuple[str, ...]) -> RefreshToken:
        value = f"1//0e{secrets.token_urlsafe(60)}"
        now = self.clock.now()
        token = RefreshToken(value, client.id, address, scopes, now, now)
        self.refresh_tokens[value] = token
        live = [known for known in self._of(client.id, address) if not known.is_dead]
        for oldest in live[:-MAX_REFRESH_TOKENS]:
            oldest.is_dead = True
        return token

    def rotate(self, token: RefreshToken, client: Client) -> RefreshToken:
        token.is_dead = True
        return self.make_refresh_token(client, token.address, token.scopes)

    def valid_access_token(self, value: str) -> AccessToken | None:
        token = self.access_tokens.get(value)
        if token is None or token.is_dead or token.expires_at <= self.clock.now():
            return None
        return token

    def is_live(self, token: RefreshToken, client: Client) -> bool:
        now = self.clock.now()
        is_over = client.is_testing and now - token.issued_at >= TESTING_LIFETIME
        return not (token.is_dead or is_over or now - token.used_at >= IDLE_LIFETIME)

    def revoke(self, value: str) -> bool:
        """Ends the whole consent that the token belongs to. False when it is dead already, or was never made."""
        token = self.refresh_tokens.get(value) or self.valid_access_token(value)
        if token is None or token.is_dead:
            return False
        self.withdraw(token.address, client_id=token.client_id)
        return True

    def withdraw(self, address: str, *, client_id: str = "") -> None:
        """The person takes back what they allowed (one client, or all)."""
        for held in self._all():
            if held.address == address and client_id in {"", held.client_id}:
                held.is_dead = True
        for key in [key for key in self.consents if key[1] == address and client_id in {"", key[0]}]:
            del self.consents[key]

    def change_password(self, address: str) -> None:
        """Tokens that open mail end; other consents stay."""
        for held in self._all():
            if held.address == address and opens_mail(held.scopes):
                held.is_dead = True

    def expire_access_tokens(self, address: str = "") -> None:
        """Those of one person, or everybody's."""
        for token in self.access_tokens.values():
            if address in {"", token.address}:
                token.is_dead = True

    def _all(self) -> list[RefreshToken | AccessToken]:
        return [*self.refresh_tokens.values(), *self.access_tokens.values()]

    def _of(self, client_id: str, address: str) -> list[RefreshToken]:
        tokens = self.refresh_tokens.values()
        return [token for token in tokens if token.client_id == client_id and token.address == address]


def canonical(scope: str) -> str:
    """Two scopes have short names; Google always answers with the long ones."""
    return {
        "email": "https://www.googleapis.com/auth/userinfo.email",
        "profile": "https://www.googleapis.com/auth/userinfo.profile",
    }.get(scope, scope)


def opens_mail(scopes: Collection[str]) -> bool:
    return any(scope.startswith(MAIL_SCOPES) for scope in scopes)
