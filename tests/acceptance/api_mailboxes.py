"""Gmail and Microsoft 365 on loopback, alike: mail goes in, an inbox is connected, and what was asked of the provider is counted."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from crm_project.bench import mailbox as generator
from crm_project.bench.mailbox import GeneratedMail
from crm_project.demo.google import answers
from crm_project.demo.microsoft import faults
from inboxes.models import Credential, CredentialKind, Inbox, InboxStatus, ProviderKind
from inboxes.oauth.grants import Grant
from inboxes.sync.engine import Outcome, SliceReport
from logging_rules.models import InboxPolicy
from logging_rules.slices import sync_slice
from tests.fakes.google import FakeGoogle
from tests.fakes.microsoft import FakeMicrosoft
from users.models import User

GMAIL_SCOPE = "https://www.googleapis.com/auth/gmail.readonly"
GRAPH_SCOPES = ("User.Read", "Mail.Read")
OF_SIGNING_IN = frozenset({"openid", "profile", "offline_access"})


class ApiMailbox(ABC):
    """One mailbox at one provider. `settings` are those of the test."""

    kind: ProviderKind
    issuer: CredentialKind

    def __init__(self, settings: Any, server: Any, address: str = generator.OWNER) -> None:
        self.settings = settings
        self.server = server
        self.address = address
        self.box = server.mailbox(address)

    @abstractmethod
    def deliver(self, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None) -> str: ...

    @abstractmethod
    def lose_place(self) -> None:
        """Whatever cursor was handed out is void."""

    @abstractmethod
    def move_away(self, remote_id: str) -> None: ...

    @abstractmethod
    def move_back(self, remote_id: str) -> None: ...

    @abstractmethod
    def bodies_read(self) -> int: ...

    @abstractmethod
    def calls(self) -> int:
        """Requests for mail or tokens since `forget_calls`."""

    @abstractmethod
    def forget_calls(self) -> None: ...

    @abstractmethod
    def refused(self) -> list[str]:
        """What the stand-in did not understand: a parameter or field that is not documented, say."""

    @abstractmethod
    def contents(self) -> object: ...

    @abstractmethod
    def storm(self, chance: float) -> None:
        """One request in so many meets one of everything that heals by itself."""

    @abstractmethod
    def throttle(self, seconds: int) -> None:
        """From now on every request for mail is answered with 429."""

    @abstractmethod
    def calm(self) -> None: ...

    @abstractmethod
    def withdraw_consent(self) -> None: ...

    @abstractmethod
    def tokens(self) -> dict[str, Any]: ...

    @abstractmethod
    def set_secret(self, secret: str) -> str:
        """Of this installation; returns the one before."""

    def fill(self, mails: Iterable[GeneratedMail]) -> None:
        for mail in mails:
            self.deliver(mail.raw, mail.folder, received_at=mail.received_at)

    def connect(self, owner: User, *, preset: str = "known") -> Inbox:
        inbox = Inbox.objects.create(
            owner=owner,
            connected_by=owner,
            address=self.address,
            provider=self.kind,
            status=InboxStatus.ACTIVE,
            status_since=timezone.now(),
        )
        InboxPolicy.objects.create(inbox=inbox, preset=preset)
        told = self.tokens()
        expires_at = timezone.now() + timedelta(seconds=int(told["expires_in"]))
        scopes = tuple(scope for scope in told["scope"].split() if scope not in OF_SIGNING_IN)
        grant = Grant(told["access_token"], told["refresh_token"], expires_at, scopes)
        Credential.objects.create(inbox=inbox, kind=self.issuer, secret=grant.to_secret(), scopes=list(grant.scopes))
        return inbox

    def let_token_run_out(self) -> None:
        credential = Credential.objects.get(inbox__address=self.address)
        gone = replace(Grant.from_secret(credential.secret), expires_at=timezone.now() - timedelta(hours=1))
        credential.secret = gone.to_secret()
        credential.save(update_fields=["secret"])


class GmailMailbox(ApiMailbox):
    kind = ProviderKind.GMAIL
    issuer = CredentialKind.GOOGLE
    server: FakeGoogle

    def deliver(self, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None) -> str:
        label = {"INBOX": "INBOX", "Sent": "SENT"}.get(folder, folder)
        return self.box.deliver(raw, labels=[label], received_at=received_at)

    def lose_place(self) -> None:
        self.box.expire_history()

    def move_away(self, remote_id: str) -> None:
        self.box.trash(remote_id)

    def move_back(self, remote_id: str) -> None:
        self.box.label(remote_id, add=["INBOX"], remove=["TRASH"])

    def bodies_read(self) -> int:
        raw = [one for one in self.server.requests.of("messages.get") if one.query.get("format") == ["raw"]]
        return sum(one.status == 200 for one in raw)

    def calls(self) -> int:
        return len(self.server.requests)

    def forget_calls(self) -> None:
        self.server.requests.clear()

    def refused(self) -> list[str]:
        return [f"{one.operation} {one.query}" for one in self.server.requests if one.status == 400]

    def contents(self) -> object:
        return self.box.contents()

    def storm(self, chance: float) -> None:
        trouble = (
            answers.rate_limited(), answers.user_rate_limited(), answers.too_many_concurrent(), answers.backend_error(),
            answers.html_error(), answers.cut(), answers.dropped(), answers.not_json(),
        )  # fmt: skip
        for answer in trouble:
            self.server.faults.always("messages.*", answer, chance=chance / len(trouble))
            self.server.faults.always("history.*", answer, chance=chance / len(trouble))

    def throttle(self, seconds: int) -> None:
        self.server.faults.always("*messages*", answers.rate_limited(retry_after=seconds))
        self.server.faults.always("history.*", answers.rate_limited(retry_after=seconds))

    def calm(self) -> None:
        self.server.faults.clear()

    def withdraw_consent(self) -> None:
        self.server.faults.always("token", answers.invalid_grant())
        self.let_token_run_out()

    def tokens(self) -> dict[str, Any]:
        return self.server.grant(self.address, [GMAIL_SCOPE])

    def set_secret(self, secret: str) -> str:
        before, self.settings.GOOGLE_CLIENT_SECRET = self.settings.GOOGLE_CLIENT_SECRET, secret
        return str(before)


DESCRIPTION = "/.well-known/openid-configuration"


class GraphMailbox(ApiMailbox):
    kind = ProviderKind.GRAPH
    issuer = CredentialKind.MICROSOFT
    server: FakeMicrosoft

    def deliver(self, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None) -> str:
        place = {"INBOX": "inbox", "Sent": "sentitems"}.get(folder, folder)
        return self.box.deliver(raw, folder=place, received_at=received_at)

    def lose_place(self) -> None:
        self.box.forget_sync_state()

    def move_away(self, remote_id: str) -> None:
        self.box.move(remote_id, "deleteditems")

    def move_back(self, remote_id: str) -> None:
        self.box.move(remote_id, "inbox")

    def bodies_read(self) -> int:
        return sum(one.path.endswith("/$value") and one.status == 200 for one in self.server.requests)

    def calls(self) -> int:
        return sum(not one.path.endswith(DESCRIPTION) for one in self.server.requests)

    def forget_calls(self) -> None:
        self.server.requests.clear()

    def refused(self) -> list[str]:
        return [f"{one.path} {one.query}" for one in self.server.requests if one.status == 400]

    def contents(self) -> object:
        return sorted((one.raw, one.folder_id) for one in self.box.messages.values())

    def storm(self, chance: float) -> None:
        trouble = (
            faults.throttled(1), faults.throttled(None), faults.mailbox_concurrency(1), faults.unavailable(),
            faults.unavailable(504), faults.unavailable(509), faults.html(), faults.cut(), faults.nonsense(),
        )  # fmt: skip
        for answer in trouble:
            self.server.faults.always(answer, path="/messages", chance=chance / len(trouble))

    def throttle(self, seconds: int) -> None:
        self.server.faults.always(faults.throttled(seconds), path="/v1.0/")

    def calm(self) -> None:
        self.server.faults.clear()

    def withdraw_consent(self) -> None:
        self.server.revoke(self.address)
        self.let_token_run_out()

    def tokens(self) -> dict[str, Any]:
        return self.server.grant(self.address, GRAPH_SCOPES)

    def set_secret(self, secret: str) -> str:
        before, self.settings.MICROSOFT_CLIENT_SECRET = self.settings.MICROSOFT_CLIENT_SECRET, secret
        return str(before)


class Days:
    """The clock of the sync: it begins now and is moved by the test."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **duration: float) -> None:
        self.now += timedelta(**duration)


def one_slice(inbox: Inbox, clock: Callable[[], datetime]) -> SliceReport:
    return sync_slice(inbox_id=inbox.pk, worker="test", clock=clock)


def sync_until_quiet(inbox: Inbox, clock: Days, *, slices: int = 400) -> None:
    """Goes on when the inbox is due, as the tick does, until nothing is left."""
    for _ in range(slices):
        report = one_slice(inbox, clock)
        if report.outcome is Outcome.DONE:
            return
        due = Inbox.objects.get(pk=inbox.pk).next_due_at
        clock.now = max(clock.now, due)
    raise AssertionError("the sync does not come to an end")
