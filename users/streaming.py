"""Long pages whose beginning goes out before the rest is made."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.safestring import mark_safe

_HERE = "<!--the rest-->"


def render_beginning_first(
    request: HttpRequest, template: str, context: Mapping[str, Any], *, rest: Callable[[], str]
) -> StreamingHttpResponse:
    """The page with what `rest` returns in the place of its `{{ rest }}`; `rest` is called once everything before is sent.

    It runs after the middleware is through, so in the language and time zone of now.
    """
    page = render_to_string(template, {**context, "rest": mark_safe(_HERE)}, request)  # noqa: S308 - our own text
    beginning, _mark, end = page.partition(_HERE)
    language, zone = translation.get_language(), timezone.get_current_timezone()

    def parts() -> Iterator[str]:
        yield beginning
        with translation.override(language), timezone.override(zone):
            yield rest()
        yield end

    return StreamingHttpResponse(parts())
