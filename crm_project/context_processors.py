"""What the shell of every page shows: whose workspace this is and how much news waits. Evaluated only where a template asks."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from conversations.queries import TeamNews, news_for
from logging_rules.waiting import count_waiting
from notifications.queries import unread_count
from users.models import Workspace


def shell(request: HttpRequest) -> dict[str, object]:
    return {
        "workspace_name": SimpleLazyObject(lambda: Workspace.objects.current().name),
        "held_waiting": SimpleLazyObject(lambda: held_waiting(request)),
        "team_news": SimpleLazyObject(lambda: news_of_teams(request)),
        "unread_notifications": SimpleLazyObject(lambda: unread_notifications(request)),
    }


def held_waiting(request: HttpRequest) -> int:
    """How many e-mails wait for the person to say whether they are logged."""
    return count_waiting(request.user) if request.user.is_authenticated else 0


def news_of_teams(request: HttpRequest) -> TeamNews:
    """Whether the person reads team inboxes, and how much is unread in them."""
    return news_for(request.user) if request.user.is_authenticated else TeamNews(inboxes=0, unread=0)


def unread_notifications(request: HttpRequest) -> int:
    return unread_count(request.user) if request.user.is_authenticated else 0
