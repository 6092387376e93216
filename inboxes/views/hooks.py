"""Where providers tell us that a mailbox has news. Anybody can call: what is not proved to be theirs is refused, and learns nothing.

What checks Google's signatures weighs more than all else here: it is loaded with the first announcement, and in no worker.
"""

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from inboxes.providers.base import TemporarilyUnavailable
from inboxes.providers.gmail import announcements
from inboxes.providers.graph import notifications
from inboxes.push.receiving import WrongSecret, hear_google, hear_microsoft

if TYPE_CHECKING:
    from inboxes.providers.gmail.signatures import Certificates

LONGEST_GOOGLE = 16 * 1024
LONGEST_MICROSOFT = 1024 * 1024


@csrf_exempt
@login_not_required
@require_POST
def google(request: HttpRequest) -> HttpResponse:
    """204: heard, also when the mailbox is not ours. What is answered otherwise, Pub/Sub delivers again later."""
    if not settings.GOOGLE_PUSH_ACCOUNT:
        raise Http404
    try:
        body = _body(request, LONGEST_GOOGLE)
        if not _is_googles(request):
            return HttpResponse(status=401)
        hear_google(announcements.read(body))
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except announcements.NotUnderstood:
        return HttpResponse(status=400)
    except TemporarilyUnavailable:
        return HttpResponse(status=503)
    return HttpResponse(status=204)


@csrf_exempt
@login_not_required
@require_POST
def microsoft(request: HttpRequest) -> HttpResponse:
    """Both news of mailboxes and the life of subscriptions. 202: heard; Graph wants that within three seconds."""
    token = request.GET.get("validationToken")
    if token is not None:
        return _shaken_hand(token)
    try:
        hear_microsoft(notifications.read(_body(request, LONGEST_MICROSOFT)))
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except WrongSecret:
        return HttpResponse(status=403)
    except notifications.NotUnderstood:
        return HttpResponse(status=400)
    return HttpResponse(status=202)


def _is_googles(request: HttpRequest) -> bool:
    """Raises `TemporarilyUnavailable`."""
    from inboxes.providers.gmail import signatures  # noqa: PLC0415 - see above

    try:
        signatures.verify(
            request.headers.get("Authorization", ""),
            audience=google_audience(),
            account=settings.GOOGLE_PUSH_ACCOUNT,
            certs_url=settings.GOOGLE_CERTS_URL,
            certificates=_certificates(),
        )
    except signatures.NotAuthentic:
        return False
    return True


@cache
def _certificates() -> "Certificates":
    from inboxes.providers.gmail.signatures import Certificates  # noqa: PLC0415 - see above

    return Certificates()


def google_audience() -> str:
    """What a push subscription of Pub/Sub is to be set up with, as its endpoint and as its audience."""
    return f"{settings.BASE_URL}{reverse('inboxes:google-hook')}"


def _shaken_hand(token: str) -> HttpResponse:
    """Says back what Graph said, as it wants when a subscription is made. As plain text it can do nothing to anybody."""
    if len(token) > notifications.LONGEST_VALIDATION_TOKEN:
        return HttpResponse(status=400)
    return HttpResponse(token, content_type="text/plain; charset=utf-8")


def _body(request: HttpRequest, longest: int) -> bytes:
    """Raises `RequestDataTooBig`, before it is read."""
    body = request.read(longest + 1)
    if len(body) > longest:
        raise RequestDataTooBig
    return body
