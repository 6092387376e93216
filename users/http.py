"""The request as every view behind sign-in gets it, who may pass, and what is said of a refusal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django_htmx.middleware import HtmxDetails

from users.keyset import Cursor, InvalidCursor
from users.models import User

Arguments = ParamSpec("Arguments")
Answered = TypeVar("Answered", bound=HttpResponseBase)


class SignedInRequest(HttpRequest):
    """`LoginRequiredMiddleware` lets nobody else through; annotate views with it."""

    user: User
    htmx: HtmxDetails


def super_admin_required(
    view: Callable[Concatenate[SignedInRequest, Arguments], Answered],
) -> Callable[Concatenate[SignedInRequest, Arguments], Answered]:
    """403 for everybody else."""

    @wraps(view)
    def guarded(request: SignedInRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answered:
        if not request.user.is_super_admin:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def password_confirmed(
    view: Callable[Concatenate[SignedInRequest, Arguments], HttpResponse],
) -> Callable[Concatenate[SignedInRequest, Arguments], HttpResponse]:
    """Asks for the password before a change, unless it was asked for less than ACCOUNT_REAUTHENTICATION_TIMEOUT ago; then goes on."""
    guarded: Callable[Concatenate[SignedInRequest, Arguments], HttpResponse] = reauthentication_required(
        view, allow_get=True
    )
    return guarded


def cursor_of(text: str | None) -> Cursor | None:
    """Where a page of a list begins, as an address or a form says it; 404 for what is no place in a list."""
    try:
        return Cursor.parse(text) if text else None
    except InvalidCursor as error:
        raise Http404 from error


@contextmanager
def refusals_told(request: HttpRequest) -> Iterator[None]:
    """A ValidationError ends the block, and the next page says why."""
    try:
        yield
    except ValidationError as refusal:
        messages.error(request, refusal.messages[0])
