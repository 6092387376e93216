"""How the sign-in library behaves here: nobody signs up by themselves, and it writes to people in their language."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.urls import reverse
from django.utils import translation

from users.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("users:profile")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """The visitor who asks for a password reset may browse in another language than the person reads."""
        person = context.get("user")
        language = person.language if isinstance(person, User) else translation.get_language()
        with translation.override(language):
            super().send_mail(template_prefix, email, context)
