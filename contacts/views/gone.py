"""Answering for what somebody deleted meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import Http404

from contacts.actions import Gone


@contextmanager
def gone_is_not_found() -> Iterator[None]:
    """404, as its page says from now on."""
    try:
        yield
    except Gone as error:
        raise Http404 from error
