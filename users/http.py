"""The request as every view behind sign-in gets it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from users.models import User


class SignedInRequest(HttpRequest):
    """`LoginRequiredMiddleware` lets nobody else through; annotate views with it."""

    user: User
    htmx: HtmxDetails
