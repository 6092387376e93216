"""What people fill in about themselves, each other and the workspace. The rules are in models and actions."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from babel.dates import get_timezone_location
from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from users.models import Invitation, Role, User, Workspace
from users.validators import time_zones

ROLE_CHOICES = [
    (Role.MEMBER, _("Member"), _("Connects own inboxes, works with contacts and timelines.")),
    (Role.SUPER_ADMIN, _("Super admin"), _("Also invites people, manages connections and sets the workspace's rules.")),
]
ACCOUNT_ACCESS_HELP = _(
    "May connect and manage team inboxes, and is told when one disconnects. Super admins always may."
)

TIME_ZONE_OF_LANGUAGE = {"ja": "Asia/Tokyo"}


@cache
def _places(language: str) -> list[tuple[str, str]]:
    """Every time zone with its place in the reader's language."""
    return [(name, _place(name, language)) for name in time_zones()]


def _place(name: str, language: str) -> str:
    if name == "UTC":
        return name
    return f"{name} ({get_timezone_location(name, locale=language)})"


def time_zone_choices() -> list[tuple[str, str]]:
    return _places(get_language() or settings.LANGUAGE_CODE)


def role_choices() -> list[tuple[str, str]]:
    return [(role, format_html("<b>{}</b><small>{}</small>", name, text)) for role, name, text in ROLE_CHOICES]


class RoleField(forms.ChoiceField):
    widget = forms.RadioSelect(attrs={"class": "cards"})

    def __init__(self) -> None:
        super().__init__(label=_("Role"), choices=role_choices, initial=Role.MEMBER)


class AccountAccessField(forms.BooleanField):
    def __init__(self) -> None:
        super().__init__(label=_("Account access"), help_text=ACCOUNT_ACCESS_HELP, required=False)


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg] # not generic at run time
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zone_choices, help_text=_("Times on every page are shown in this zone.")
    )

    class Meta:
        model = User
        fields = ["name", "language", "time_zone", "theme"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"}), "theme": forms.RadioSelect}


class InviteForm(forms.ModelForm):  # type: ignore[type-arg] # not generic at run time
    language = forms.ChoiceField(
        label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of the invitation, and of the product at first.")
    )
    role = RoleField()
    account_access = AccountAccessField()

    class Meta:
        model = Invitation
        fields = ["email", "language", "role", "account_access"]
        widgets = {"email": forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True})}

    def clean_email(self) -> str:
        """As the model has it, whose rules are checked next."""
        email: str = self.cleaned_data["email"]
        return email.lower()


class RoleForm(forms.ModelForm):  # type: ignore[type-arg] # not generic at run time
    role = RoleField()
    account_access = AccountAccessField()

    class Meta:
        model = User
        fields = ["role", "account_access"]


class JoinForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 10 characters. A few words in a row are easy to keep in mind and hard to guess."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices)

    def __init__(self, data: Mapping[str, Any] | None = None, *, invitation: Invitation) -> None:
        super().__init__(data, initial={"time_zone": TIME_ZONE_OF_LANGUAGE.get(invitation.language, "UTC")})
        self._email = invitation.email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self._email, name=self.cleaned_data.get("name", "")))
        return password


class WorkspaceForm(forms.ModelForm):  # type: ignore[type-arg] # not generic at run time
    class Meta:
        model = Workspace
        fields = ["name"]


class DomainForm(forms.Form):
    domain = forms.CharField(
        label=_("Domain"),
        max_length=253,
        widget=forms.TextInput(attrs={"placeholder": "example.co.jp", "autocapitalize": "none", "spellcheck": "false"}),
    )
