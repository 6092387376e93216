"""Who is told when something happens to people."""

from typing import Any

from django.dispatch import receiver
from django.urls import reverse
from django.utils import timezone

from notifications.actions import notify
from users.models import Invitation, User
from users.signals import invitation_accepted, role_changed


@receiver(invitation_accepted)
def tell_who_invited(invitation_id: int, **kwargs: Any) -> None:
    invitation = Invitation.objects.select_related("invited_by").get(pk=invitation_id)
    notify(
        recipients=[invitation.invited_by],
        kind="invitation_accepted",
        context={"person": User.objects.get(email=invitation.email).name},
        url=reverse("users:people"),
        episode=f"invitation:{invitation.pk}:accepted",
    )


@receiver(role_changed)
def tell_whose_role_changed(user_id: int, by_id: int | None, **kwargs: Any) -> None:
    if user_id == by_id:
        return
    person = User.objects.get(pk=user_id)
    by = User.objects.filter(pk=by_id).first()
    notify(
        recipients=[person],
        kind="role_changed",
        context={
            "role": person.role,
            "account_access": person.has_account_access,
            "by": by.name if by else "",
        },
        url=reverse("users:profile"),
        episode=f"user:{person.pk}:role:{timezone.now().isoformat()}",
    )
