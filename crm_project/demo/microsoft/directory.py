"""Who can sign in: organisations with their consent policy, people, and the application that asks for access."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from crm_project.demo.microsoft.refusals import SignInRefusal
from crm_project.demo.microsoft.scopes import GRAPH, HARMLESS

PERSONAL_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"
_NAMES = UUID("0d5c5b0a-97d1-4a0c-9a52-5e7d5f3c9c11")


def stable_id(*names: str) -> str:
    return str(uuid5(_NAMES, "/".join(names).lower()))


class ConsentPolicy(StrEnum):
    """Who may let an application read mail: the person, an administrator, or an administrator who can be asked."""

    USER = "user"
    ADMINISTRATOR = "administrator"
    REQUEST = "request"


@dataclass
class Tenant:
    """`granted` is what an administrator allowed for everybody; `requests` are the addresses of those who asked for it."""

    id: str
    domain: str
    name: str
    policy: ConsentPolicy = ConsentPolicy.USER
    refusal: int = 90094
    granted: set[str] = field(default_factory=set)
    requests: list[str] = field(default_factory=list)

    @property
    def is_personal(self) -> bool:
        return self.id == PERSONAL_TENANT

    def needs_administrator(self, scopes: set[str]) -> bool:
        return self.policy is not ConsentPolicy.USER and not scopes <= self.granted | HARMLESS


@dataclass
class Account:
    """`trouble` is the AADSTS number that every sign-in and refresh meets (0: none). `mail` may be None while `address` is the
    name to sign in with."""

    id: str
    tenant_id: str
    address: str
    name: str
    mail: str | None
    aliases: list[str] = field(default_factory=list)
    is_administrator: bool = False
    trouble: int = 0
    claims: str = ""
    consented: set[str] = field(default_factory=set)

    @property
    def proxy_addresses(self) -> list[str]:
        primary = self.mail or self.address
        return [f"SMTP:{primary}", *(f"smtp:{alias}" for alias in self.aliases)]


@dataclass
class Application:
    """The registration of the client. A secret may have run out; `redirect_uris` empty allows any; `tenant_id` set: single tenant."""

    id: str
    secrets: dict[str, datetime | None]
    redirect_uris: list[str] = field(default_factory=list)
    tenant_id: str = ""
    permissions: set[str] = field(default_factory=lambda: {GRAPH + "User.Read", GRAPH + "Mail.Read"})
    name: str = "Genkan"

    def check_secret(self, secret: str, now: datetime) -> None:
        if secret not in self.secrets:
            raise SignInRefusal(7000215)
        ends = self.secrets[secret]
        if ends is not None and ends <= now:
            raise SignInRefusal(7000222)


class Directory:
    """All tenants and accounts, and the one application."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.tenants: dict[str, Tenant] = {}
        self.accounts: dict[str, Account] = {}
        self.tenant(PERSONAL_TENANT, name="Personal accounts")

    def tenant(self, domain: str, *, name: str = "", policy: str = ConsentPolicy.USER) -> Tenant:
        """The tenant of this domain, made if there is none yet."""
        for tenant in self.tenants.values():
            if domain.lower() in (tenant.domain, tenant.id):
                return tenant
        tenant_id = PERSONAL_TENANT if domain == PERSONAL_TENANT else stable_id("tenant", domain)
        tenant = Tenant(tenant_id, domain.lower(), name or domain, ConsentPolicy(policy))
        self.tenants[tenant.id] = tenant
        return tenant

    def account(self, address: str, *, name: str = "", personal: bool = False) -> Account:
        """The account of this address, made if there is none yet; of a tenant named like its domain, or a personal one."""
        known = self.find(address)
        if known is not None:
            return known
        tenant = self.tenant(PERSONAL_TENANT if personal else address.rpartition("@")[2])
        account_id = stable_id("account", address)
        if personal:
            account_id = "00000000-0000-0000-" + account_id[-17:]
        account = Account(account_id, tenant.id, address, name or address.partition("@")[0], address)
        self.accounts[account.id] = account
        return account

    def find(self, address: str) -> Account | None:
        """By sign-in name, address, alias or id."""
        wanted = address.lower()
        for account in self.accounts.values():
            names = (account.id, account.address, account.mail or "", *account.aliases)
            if wanted in [name.lower() for name in names]:
                return account
        return None

    def tenant_of(self, account: Account) -> Tenant:
        return self.tenants[account.tenant_id]

    def of_authority(self, authority: str) -> list[Account]:
        """The accounts that may sign in at `common`, `organizations`, `consumers` or one tenant."""
        accounts = list(self.accounts.values())
        match authority.lower():
            case "common":
                return accounts
            case "organizations":
                return [account for account in accounts if account.tenant_id != PERSONAL_TENANT]
            case "consumers":
                return [account for account in accounts if account.tenant_id == PERSONAL_TENANT]
        tenant = self.known_tenant(authority)
        return [account for account in accounts if tenant and account.tenant_id == tenant.id]

    def known_tenant(self, name: str) -> Tenant | None:
        return next((t for t in self.tenants.values() if name.lower() in (t.id, t.domain)), None)
