"""Who is in the workspace, and who is on the way."""

from django.db.models import QuerySet

from users.models import Invitation, User, WorkspaceDomain


def people(user: User) -> QuerySet[User]:
    """Those who can sign in first, each group by name."""
    visible: QuerySet[User] = User.objects.visible_to(user)
    return visible.order_by("-is_active", "name", "email")


def open_invitations(user: User) -> QuerySet[Invitation]:
    return Invitation.objects.visible_to(user).open().select_related("invited_by").order_by("-created_at", "-id")


def workspace_domains(user: User) -> QuerySet[WorkspaceDomain]:
    return WorkspaceDomain.objects.visible_to(user).order_by("domain")
