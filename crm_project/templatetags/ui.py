"""Components and filters that every template may use without loading them. The gallery (/ui/) shows each with its markup."""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID
from zlib import crc32

from django import template
from django.core.paginator import Page
from django.template import Context, Node, defaulttags
from django.template.base import FilterExpression, Parser, TextNode, Token
from django.template.loader import render_to_string
from django.urls import get_script_prefix, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from crm_project import formats

register = template.Library()

TONE_ICONS = {
    "ok": "check",
    "busy": "loader-circle",
    "info": "info",
    "warn": "triangle-alert",
    "bad": "circle-alert",
    "neutral": "circle",
}
TIMELINE_ICONS = {
    "mail_in": ("arrow-down-left", "in"),
    "mail_out": ("arrow-up-right", "out"),
    "note": ("sticky-note", ""),
    "event": ("git-commit-horizontal", ""),
}
AVATAR_HUES = 11
WRITERS: dict[str, Callable[[dt.datetime, dt.datetime], str]] = {
    "short": formats.short,
    "dated": formats.dated,
    "exact": formats.exact,
    "ago": formats.ago,
    "clock": lambda moment, now: formats.clock(moment),
    "full": lambda moment, now: formats.full(moment),
}


@lru_cache(maxsize=512)
def icon(name: str, css: str = "") -> SafeString:
    """A lucide icon as inline SVG, hidden from assistive technology: the words beside it carry the meaning."""
    svg = lucide(str(name), size=16, **{"class": f"icon {css}".strip(), "aria-hidden": "true", "focusable": "false"})
    return mark_safe(re.sub(r">\s+<", "><", svg))  # noqa: S308 - drawn by the icon package from a fixed set


class IconNode(Node):
    def __init__(self, arguments: list[FilterExpression]) -> None:
        self.arguments = arguments

    def render(self, context: Context) -> SafeString:
        return icon(*(argument.resolve(context) for argument in self.arguments))


@register.tag("icon")
def icon_tag(parser: Parser, token: Token) -> Node:
    """`{% icon name css %}`. A page has a hundred: what is named in the template becomes a part of its text."""
    node = IconNode([parser.compile_filter(word) for word in token.split_contents()[1:]])
    return node if any(argument.is_var for argument in node.arguments) else TextNode(node.render(Context()))


class PlaceNode(Node):
    """The address of a page that is there once: the resolver is asked once."""

    def __init__(self, name: str) -> None:
        self.name = name

    def render(self, context: Context) -> str:
        return _place(self.name, get_script_prefix())


@lru_cache(maxsize=128)
def _place(name: str, script_prefix: str) -> str:
    return reverse(name)


@register.tag("url")
def url_tag(parser: Parser, token: Token) -> Node:
    """As Django's, and faster for a name alone."""
    node = defaulttags.url(parser, token)
    takes_more = node.args or node.kwargs or node.asvar or node.view_name.is_var or node.view_name.filters
    return node if takes_more else PlaceNode(node.view_name.var)


class PlaceOfNode(Node):
    def __init__(self, name: str, code: FilterExpression, variable: str) -> None:
        self.name, self.code, self.variable = name, code, variable

    def render(self, context: Context) -> str:
        before, after = _around_code(self.name, get_script_prefix())
        url = f"{before}{self.code.resolve(context)}{after}"
        if not self.variable:
            return url
        context[self.variable] = url
        return ""


@register.tag("url_of")
def url_of_tag(parser: Parser, token: Token) -> Node:
    """`{% url_of "name" code %}`, or with `as variable`: as `url`, for the rows of lists. The resolver is asked once, not for every row."""
    _, name, code, *named = token.split_contents()
    return PlaceOfNode(name.strip('"'), parser.compile_filter(code), named[1] if named else "")


@lru_cache(maxsize=128)
def _around_code(name: str, script_prefix: str) -> list[str]:
    anybody = UUID(int=0)
    return reverse(name, args=[anybody]).split(str(anybody))


@register.simple_tag
def badge(tone: str, text: str, icon_name: str = "") -> str:
    """A status as icon, word and colour. Tones: ok, busy, info, warn, bad, neutral."""
    mark = icon(icon_name or TONE_ICONS[tone], "spin" if tone == "busy" else "")
    return format_html('<span class="badge {}">{}{}</span>', tone, mark, text)


@register.simple_tag
def avatar(name: str, size: str = "") -> str:
    """Initials on a tint that stays the same for the same name. Sizes: s, (default), l."""
    hue = crc32(name.encode()) % AVATAR_HUES
    return format_html('<span class="avatar {}" data-hue="{}" aria-hidden="true">{}</span>', size, hue, initials(name))


def initials(name: str) -> str:
    """One or two characters for a person: first letters of first and last word; one character for Chinese, Japanese and Korean names."""
    words: list[str] = re.findall(r"\w+", name)
    if not words:
        return "?"
    first = words[0][0]
    if unicodedata.east_asian_width(first) in "WF" or len(words) == 1:
        return first.upper()
    return (first + words[-1][0]).upper()


@register.simple_tag
def when(moment: dt.datetime | None, style: str = "short") -> str:
    """A moment as <time> in the viewer's zone with the whole moment as its tooltip. Styles: short, dated, exact, ago, clock, full."""
    if moment is None:
        return ""
    text = WRITERS[style](moment, timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), formats.full(moment), text)


@register.filter
def day(moment: dt.datetime | dt.date) -> str:
    return formats.day(moment, timezone.now())


@register.filter
def number(value: float | Decimal | None) -> str:
    return "" if value is None else formats.number(value)


@register.filter
def duration(length: dt.timedelta) -> str:
    return formats.duration(length)


@register.filter
def percent(value: float) -> str:
    return formats.percent(value)


@register.filter
def file_size(size: int) -> str:
    return formats.file_size(size)


@register.inclusion_tag("_components/nav_item.html", takes_context=True)
def nav_item(
    context: Context,
    url_name: str,
    icon_name: str,
    label: str,
    *,
    count: int | None = None,
    count_id: str = "",
    keys: str = "",
    current: bool | None = None,
) -> dict[str, object]:
    """A link of the sidebar, marked as current on its page and the pages below it unless the page says it. `keys` is its shortcut,
    such as "g c"; `count_id` names the count for htmx answers that change it."""
    url = _place(url_name, get_script_prefix())
    request = context.get("request")
    if current is None:
        current = request is not None and request.path.startswith(url)
    return {
        "url": url,
        "icon_name": icon_name,
        "label": label,
        "count": count,
        "count_id": count_id,
        "keys": keys,
        "current": current,
    }


@register.simple_block_tag
def callout(content: str, tone: str = "info", title: str = "", icon_name: str = "") -> str:
    """A short message inside a page. Tones: ok, info, warn, bad, neutral."""
    return render_to_string(
        "_components/callout.html",
        {"content": content, "tone": tone, "title": title, "icon_name": icon_name or TONE_ICONS[tone]},
    )


@register.simple_block_tag
def empty_state(content: str, icon_name: str, title: str) -> str:
    """What stands where nothing is yet: a title, a sentence, and the actions that change it (in a div.actions)."""
    return render_to_string(
        "_components/empty_state.html", {"content": content, "icon_name": icon_name, "title": title}
    )


@register.simple_block_tag
def dialog(content: str, dialog_id: str, title: str, size: str = "") -> str:
    """A native dialog, opened by any control with data-dialog="ID". The content holds a div.dialog-body and a form or div.dialog-foot."""
    return render_to_string(
        "_components/dialog.html", {"content": content, "id": dialog_id, "title": title, "size": size}
    )


@register.simple_block_tag
def menu(content: str, menu_id: str, label: str, icon_name: str = "ellipsis", css: str = "ghost icon-only") -> str:
    """A button that opens a list of a.menu-item and button.menu-item; the label is read out, and shown unless the button is icon-only."""
    is_icon_only = "icon-only" in css
    return format_html(
        '<button type="button" class="btn {}" popovertarget="{}" aria-haspopup="true"{}>{}{}</button>\n'
        '<div class="menu" id="{}" popover>{}</div>',
        css,
        menu_id,
        format_html(' aria-label="{}"', label) if is_icon_only else "",
        icon(icon_name),
        "" if is_icon_only else label,
        menu_id,
        content,
    )


@register.simple_block_tag
def timeline_item(content: str, kind: str, label: str = "", anchor: str = "") -> str:
    """One entry of a timeline. Kinds: mail_in, mail_out, note, event; `label` names the kind for those who cannot see the mark."""
    icon_name, tone = TIMELINE_ICONS[kind]
    return render_to_string(
        "_components/timeline_item.html",
        {"content": content, "icon_name": icon_name, "tone": tone, "label": label, "anchor": anchor},
    )


@register.simple_block_tag
def why(content: str, label: str = "") -> str:
    """The fold that explains a decision; the label defaults to "Why was this logged?"."""
    return render_to_string("_components/why.html", {"content": content, "label": label})


@register.inclusion_tag("_components/steps.html")
def steps(current: int, *labels: str) -> dict[str, object]:
    """The steps of a wizard; `current` counts from 1."""
    return {"current": current, "labels": labels}


@register.inclusion_tag("_components/stat.html")
def stat(value: object, label: str, url: str = "") -> dict[str, object]:
    """One figure with its caption, inside dl.stats."""
    return {"value": value, "label": label, "url": url}


@register.inclusion_tag("_components/progress.html")
def progress(value: float | None, maximum: float, label: str) -> dict[str, object]:
    """A bar; without a value it moves to say that the end is not known."""
    return {"value": value, "maximum": maximum, "label": label}


@register.inclusion_tag("_components/breakdown.html")
def breakdown(parts: Sequence[tuple[str, int, str]], label: str) -> dict[str, Any]:
    """A total in its parts: a stacked bar and its legend. Each part is (label, count, tone)."""
    total = sum(count for _, count, _ in parts) or 1
    offset, bars = 0.0, []
    for name, count, tone in parts:
        width = 100 * count / total
        bars.append({"label": name, "count": count, "tone": tone, "x": f"{offset:.2f}", "width": f"{width:.2f}"})
        offset += width
    return {"bars": bars, "label": label}


@register.inclusion_tag("_components/skeleton.html")
def skeleton(lines: int = 3) -> dict[str, object]:
    """Grey lines where content is being loaded."""
    return {"lines": range(lines)}


@register.inclusion_tag("_components/pagination.html", takes_context=True)
def pagination(context: Context, page: "Page[object]") -> dict[str, object]:
    """Previous and next for a numbered page; keeps the other parameters of the address."""
    return {"page": page, "request": context["request"]}
