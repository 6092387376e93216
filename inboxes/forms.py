"""What people fill in to connect a mailbox."""

import hmac
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from inboxes import discovery
from inboxes.actions import ConnectionDetails, ServerLogin
from inboxes.addresses import InvalidAddress, normalise
from inboxes.causes import cause_of
from inboxes.models import Inbox, InboxKind, MailServer, Protocol, Security
from inboxes.providers.base import Misconfigured
from inboxes.providers.network import ascii_host
from inboxes.queries import inbox_with_address
from users.models import User

PLAIN_TEXT = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class AddressForm(forms.Form):
    """Which mailbox. `connected` is the person's own inbox, if the address is connected already as one of theirs."""

    address = forms.CharField(
        label=_("E-mail address of the mailbox"),
        max_length=320,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "placeholder": "you@company.example"}),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        person: User,
        initial: str = "",
        is_first: bool = True,
        is_alias: bool = False,
    ) -> None:
        """`is_first`: nothing on the page is to be read before it, so that typing can begin at once. `is_alias`: of an account at
        Google, whose own inbox may list it; whether it is the same account shows once the person has signed in."""
        super().__init__(data, initial={"address": initial})
        self.fields["address"].widget.attrs["autofocus"] = is_first
        self._person = person
        self._is_alias = is_alias
        if is_alias:
            self.fields["address"].label = _("Address of the alias or group")
        self.connected: Inbox | None = None

    def clean_address(self) -> str:
        try:
            address = normalise(self.cleaned_data["address"])
        except InvalidAddress:
            raise ValidationError(_("This is not an e-mail address."), code="invalid_address") from None
        inbox = inbox_with_address(address)
        if inbox is not None and not (self._is_alias and inbox.address != address):
            if Inbox.objects.decided_by(self._person).filter(pk=inbox.pk).exists():
                self.connected = inbox
            raise ValidationError(_already_connected(inbox, self.connected), code="already_connected")
        return address


def _already_connected(inbox: Inbox, own: Inbox | None) -> Any:
    """Says of what kind the inbox is, and of somebody else's nothing more."""
    if own is not None:
        return _("You have connected this address already.")
    if inbox.kind == InboxKind.TEAM:
        return _("This address is connected already, as a team inbox. An address is either personal or a team's.")
    return _("This address is connected already, as the personal inbox of a colleague.")


class HostField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=253, widget=forms.TextInput(attrs=PLAIN_TEXT), **options)

    def clean(self, value: Any) -> Any:
        host = super().clean(value)
        if host:
            try:
                return ascii_host(host)
            except Misconfigured as error:
                raise ValidationError(str(cause_of(error.cause).fix), code=error.cause) from None
        return host


class PortField(forms.IntegerField):
    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
        super().__init__(label=_("Port"), min_value=1, max_value=65535, localize=False, widget=widget, **options)


class SecurityField(forms.ChoiceField):
    def __init__(self, **options: Any) -> None:
        super().__init__(label=_("Encryption"), choices=security_choices, **options)


def security_choices() -> list[tuple[str, str]]:
    """No encryption is offered only where the operator has listed hosts that may go without."""
    choices = [(Security.TLS, Security.TLS.label), (Security.STARTTLS, Security.STARTTLS.label)]
    if settings.MAIL_HOSTS_ALLOWED:
        choices.append((Security.NONE, Security.NONE.label))
    return [(str(value), str(label)) for value, label in choices]


class UsernameField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=320, widget=forms.TextInput(attrs=PLAIN_TEXT), **options)


class MailboxPasswordField(forms.CharField):
    """Taken as it is typed; never filled in by the browser, whose passwords are those of the person."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "off"})
        super().__init__(label=_("Password of the mailbox"), strip=False, max_length=1000, widget=widget, **options)


class SendingForm(forms.Form):
    """The server to send by. The password is that of the mailbox."""

    smtp_host = HostField(label=_("Server for sending (SMTP)"))
    smtp_port = PortField(initial=465)
    smtp_security = SecurityField(initial=Security.TLS)
    smtp_username = UsernameField(label=_("User name for sending"))

    def knows(self, password: str) -> bool:
        """Whether the mailbox's password may be used: of the person's own, without asking for it."""
        return True

    def smtp(self) -> ServerLogin:
        return self._server("smtp", self.cleaned_data["smtp_username"])

    def _server(self, name: str, username: str) -> ServerLogin:
        values = self.cleaned_data
        return ServerLogin(
            host=values[f"{name}_host"],
            port=values[f"{name}_port"],
            security=Security(values[f"{name}_security"]),
            username=username,
        )


class TeamSendingForm(SendingForm):
    """Who manages a team inbox need not know its password, and is not to learn it by naming a server of their own."""

    password = MailboxPasswordField(help_text=_("The one the inbox is read with. To use another, reconnect the inbox."))

    def knows(self, password: str) -> bool:
        return hmac.compare_digest(self.cleaned_data["password"].encode(), password.encode())


class ServersForm(SendingForm):
    """Where the mailbox is and how to enter it. Without a server for sending, the inbox only reads."""

    username = UsernameField(label=_("User name"))
    password = MailboxPasswordField(
        help_text=_("It is stored encrypted and used only to read and send this mailbox's mail. Nobody can see it.")
    )
    imap_host = HostField(label=_("Server for reading (IMAP)"))
    imap_port = PortField(initial=993)
    imap_security = SecurityField(initial=Security.TLS)

    smtp_host = HostField(
        label=_("Server for sending (SMTP)"),
        required=False,
        help_text=_("Leave it empty to set up sending another time."),
    )
    smtp_port = PortField(initial=465, required=False)
    smtp_security = SecurityField(initial=Security.TLS, required=False)
    smtp_username = UsernameField(
        label=_("User name for sending"), required=False, help_text=_("Empty: the same as for reading.")
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        if values.get("smtp_host"):
            for name in ("smtp_port", "smtp_security"):
                if not values.get(name) and name not in self.errors:
                    self.add_error(name, self.fields[name].error_messages["required"])
        return values

    def details(self, address: str, *, with_sending: bool = True) -> ConnectionDetails:
        """Of a valid form."""
        values = self.cleaned_data
        imap, smtp = self._server("imap", values["username"]), None
        if with_sending and values["smtp_host"]:
            smtp = self._server("smtp", values["smtp_username"] or values["username"])
        return ConnectionDetails(address=address, imap=imap, password=values["password"], smtp=smtp)

    @property
    def servers_have_errors(self) -> bool:
        return any(name not in {"username", "password", "__all__"} for name in self.errors)


def found_values(address: str, found: discovery.ServerSettings | None) -> dict[str, Any]:
    """What to fill in for an address whose servers were found, or not."""
    if found is None:
        return {"username": address}
    values: dict[str, Any] = {"username": found.imap_username, **_server_values("imap", found.imap)}
    if found.smtp is not None:
        values |= _server_values("smtp", found.smtp)
        values["smtp_username"] = "" if found.smtp_username == found.imap_username else found.smtp_username
    return values


def kept_values(inbox: Inbox) -> dict[str, Any]:
    """The servers of an inbox, to be filled in again."""
    servers = {server.protocol: server for server in inbox.servers.all()}
    imap, smtp = servers.get(Protocol.IMAP), servers.get(Protocol.SMTP)
    values: dict[str, Any] = {"username": imap.username, **_server_values("imap", imap)} if imap else {}
    if smtp:
        values |= _server_values("smtp", smtp)
        values["smtp_username"] = "" if imap and smtp.username == imap.username else smtp.username
    return values


def _server_values(name: str, server: discovery.Server | MailServer) -> dict[str, Any]:
    return {f"{name}_host": server.host, f"{name}_port": server.port, f"{name}_security": str(server.security)}
