"""What a person is told whose inbox is removed by somebody else, or in another tab, while they change it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from inboxes.models import Inbox


class GoneMeanwhile:
    """Views answer 404 for an inbox that was removed before; an action that finds it gone only then raises `Inbox.DoesNotExist`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not (isinstance(exception, Inbox.DoesNotExist) and request.user.is_authenticated):
            return None
        messages.warning(request, _("This inbox was removed just now. Nothing was changed."))
        return redirect("inboxes:inbox-list")
