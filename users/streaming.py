"""Long pages whose beginning goes out before the rest is made."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

_HERE = "<!--the rest-->"


def render_beginning_first(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, rest: Callable[[], str]
) -> StreamingHttpResponse:
    """The page with what `rest` returns in the place of its `{{ rest }}`; `rest` is called once everything before is sent."""
    page = render_to_string(template, {**context, "rest": mark_safe(_HERE)}, request)  # noqa: S308 - our own text
    beginning, _mark, end = page.partition(_HERE)

    def late() -> Iterator[str]:
        yield rest()

    return StreamingHttpResponse(chain([beginning], as_read_now(late()), [end]))


def as_read_now(parts: Iterable[str]) -> Iterator[str]:
    """For parts that are made after the middleware is through: in the language and time zone of now, not of whoever comes next."""
    language, zone = translation.get_language(), timezone.get_current_timezone()
    waiting = iter(parts)

    def made() -> Iterator[str]:
        while True:
            with translation.override(language), timezone.override(zone):
                part = next(waiting, None)
            if part is None:
                return
            yield part

    return made()
