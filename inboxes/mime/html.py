"""HTML of strangers: made harmless for showing, and as plain text for search and snippets.

Sanitised HTML loads nothing by itself: a remote image carries its address in `data-remote-src`, one that came with the mail
in `data-cid`. `show_remote_images` and `show_inline_images` turn these into images when somebody may see them.
"""

import html as html_escapes
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

import nh3
from inscriptis import get_text
from inscriptis.model.config import ParserConfig

MAX_LENGTH = 2_000_000
MAX_LINKS = 2_000
# The HTML parser takes quadratic time in all three.
MAX_DEPTH = 1_000
MAX_ATTRIBUTES = 1_000  # of one tag
MAX_REFERENCES = 50_000  # `&amp;` and the like

_TAGS = frozenset(
    """
    a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del details dfn div
    dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i img ins kbd li main mark nav ol p pre q rp rt ruby
    s samp section small span strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr
    """.split()
)
_DROPPED_WITH_CONTENT = frozenset(
    {"script", "style", "title", "noscript", "template", "iframe", "object", "embed", "applet", "svg", "math", "select", "textarea",
     "button", "audio", "video", "canvas", "xml", "noframes", "noembed", "frameset"}
)  # fmt: skip
_TABLE = {"align", "valign", "width", "height", "bgcolor", "border", "cellpadding", "cellspacing", "nowrap"}
_CELL = _TABLE | {"colspan", "rowspan", "headers", "scope", "abbr"}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "dir", "lang", "title", "align"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "border", "hspace", "vspace"},
    "font": {"color", "face", "size"},
    "table": _TABLE,
    "tr": _TABLE,
    "td": _CELL,
    "th": _CELL,
    "col": {"span", "width", "align", "valign"},
    "colgroup": {"span", "width", "align", "valign"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value", "type"},
    "blockquote": {"type"},
    "hr": {"size", "width", "color", "noshade"},
    "br": {"clear"},
    "details": {"open"},
    "time": {"datetime"},
}
# Kept, of all classes, because they tell `reply` where the quoted mail begins.
_QUOTE_CLASSES = {
    "div": {"gmail_quote", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix"},
    "blockquote": {"gmail_quote", "protonmail_quote"},
}
_SIDES = ("", "-top", "-right", "-bottom", "-left")
_STYLE_PROPERTIES = frozenset(
    """
    background-color color direction display font font-family font-size font-style font-variant font-weight height
    letter-spacing line-height list-style-position list-style-type max-height max-width min-height min-width mso-hide opacity overflow
    overflow-wrap table-layout text-align text-decoration text-decoration-line text-indent text-transform unicode-bidi vertical-align
    visibility white-space width word-break word-spacing word-wrap border-collapse border-spacing border-radius
    border-color border-style border-width float clear quotes
    """.split()
) | {f"{name}{side}" for name in ("margin", "padding", "border") for side in _SIDES} | {
    f"border{side}-{what}" for side in _SIDES[1:] for what in ("color", "style", "width")
}  # fmt: skip
# Anything that fetches, runs, escapes the parser's reading or lays itself over the page. Possessive: blanks have only one reading, else a
# style of nothing but blanks takes minutes.
_BAD_STYLE = re.compile(
    r"\(\s*+[\"']?+\s*+(?:https?|data|javascript|//)|url|image|src\s*\(|expression|behaviou?r|binding|(?:element|var|env|attr)\s*\(|[\\@<{}]|/\*",
    re.IGNORECASE,
)
_LINK_SCHEMES = ("http:", "https:", "mailto:", "tel:")
# Of a URL: browsers read on without it, and would know an address where we did not.
_PASSED_OVER = re.compile(r"\A[\x00-\x20]+|[\t\r\n]+|[\x00-\x20]+\Z").sub
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|bmp)[;,]", re.IGNORECASE).match
# What nh3 writes is regular: attributes in double quotes, `"` and `>` inside them escaped.
_IMAGE_SOURCE = re.compile(r'(<img(?: [a-z-]+="[^"]*")*?) src="((?:https?|cid):[^"]*)"', re.IGNORECASE)
_REMOTE_IMAGE = re.compile(r'(<img(?: [a-z-]+="[^"]*")*?) data-remote-src="')
_INLINE_IMAGE = re.compile(r'(<img(?: [a-z-]+="[^"]*")*?) data-cid="([^"]*)"')
_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^>"'=]++|=\s*+(?:"[^"]*+"|'[^']*+')?+|["'])*+)""")
_VALUE = re.compile(r"""=\s*+(?:"[^"]*+"|'[^']*+')""")
_SEPARATOR = re.compile(r"[\s/<]+")
# Elements that end by themselves, or have no end.
_SHALLOW = frozenset("p li dd dt br hr img col wbr meta link input area base".split())

_SPACES = re.compile(r"[^\S\n]+")
_INVISIBLE = re.compile(r"[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]")
_MANY_BREAKS = re.compile(r"\n[ \n]*\n")
_XML_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_MARKUP = re.compile(r"<[^<>]*+>")
_PLAIN_TEXT = ParserConfig(display_links=False, display_images=False)


@dataclass(frozen=True, slots=True)
class SanitisedHtml:
    """`has_remote`: there are images that are fetched from elsewhere once somebody asks for them."""

    html: str
    has_remote: bool


def sanitise(html: str) -> SanitisedHtml:
    """Harmless HTML that shows what the mail says. Never raises.

    No scripts, forms, style sheets, positioned or fetching styles; links open elsewhere and tell nothing of us. Beyond 2 million
    characters the rest is left out, beyond 2,000 links they lose their target, and of a bomb only the text is left.
    """
    html = html[:MAX_LENGTH].replace("\0", "")
    if _is_bomb(html):
        return SanitisedHtml(f"<pre>{html_escapes.escape(_strip_markup(html))}</pre>", has_remote=False)
    cleaned = _clean(html)
    inert = _IMAGE_SOURCE.sub(_make_inert, cleaned)
    return SanitisedHtml(inert, _REMOTE_IMAGE.search(inert) is not None)


def show_remote_images(sanitised: str) -> str:
    """Sanitised HTML with its remote images to be fetched: for somebody who asked for them."""
    return _REMOTE_IMAGE.sub(r'\1 src="', sanitised)


def show_inline_images(sanitised: str, urls: Mapping[str, str]) -> str:
    """Sanitised HTML with the images that came with the mail, from `urls` by Content-ID; others stay blank."""

    def show(image: re.Match[str]) -> str:
        content_id = html_escapes.unescape(image[2])
        url = urls.get(content_id) or urls.get(
            unquote(content_id)
        )  # RFC 2392 wants it percent-encoded, few programs do
        return f'{image[1]} src="{html_escapes.escape(url)}"' if url else image[0]

    return _INLINE_IMAGE.sub(show, sanitised)


def to_text(html: str) -> str:
    """What a reader sees of it, as text: no markup, no style, no hidden preview characters. Never raises."""
    html = _XML_DECLARATION.sub("", html[:MAX_LENGTH].replace("\0", ""))
    text = ""
    if not _is_bomb(html):
        try:
            text = get_text(html, _PLAIN_TEXT)
        except Exception:  # noqa: BLE001 - lxml and the layout engine raise many things on broken markup
            text = ""
    if not text.strip():
        text = _strip_markup(html)
    text = _INVISIBLE.sub("", text)
    lines = (_SPACES.sub(" ", line).rstrip() for line in text.split("\n"))
    return _MANY_BREAKS.sub("\n\n", "\n".join(lines)).strip()


class _Filter:
    """What of an element's attributes stays, as nh3 asks for each; with `links` more elements may keep a target."""

    def __init__(self, *, links: float = math.inf) -> None:
        self._links = links

    def __call__(self, tag: str, attribute: str, value: str) -> str | None:
        if attribute == "style":
            return _keep_style(value)
        if attribute in ("href", "src"):
            value = _PASSED_OVER("", value)
        if attribute == "href":
            self._links -= 1
            return value if self._links >= 0 and value.lower().startswith(_LINK_SCHEMES) else None
        if attribute == "src":
            return value if not value.lower().startswith("data:") or _DATA_IMAGE(value) else None
        return value


def _keep_style(style: str) -> str | None:
    """Mail programs write the same few styles over and over: short ones are remembered."""
    return _harmless_style(style) if len(style) < 300 else _harmless_style.__wrapped__(style)


@lru_cache(maxsize=2_000)
def _harmless_style(style: str) -> str | None:
    kept = [declaration for declaration in style.split(";") if not _BAD_STYLE.search(declaration)]
    return ";".join(kept) or None


def _absolute(url: str) -> str | None:
    # A mail has no address of its own that the rest could be relative to.
    return f"https:{url}" if url.startswith("//") else None


def _cleaner(keep: _Filter) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes=_ATTRIBUTES,
        allowed_classes=_QUOTE_CLASSES,
        attribute_filter=keep,
        filter_style_properties=_STYLE_PROPERTIES,
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        url_relative=_absolute,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


_CLEANER = _cleaner(_Filter())


def _clean(html: str) -> str:
    # Making a cleaner takes as long as cleaning a short mail, so only what is long enough for so many links gets its own.
    has_room_for_links = len(html) > MAX_LINKS * len("<a href=x>")
    cleaner = _cleaner(_Filter(links=MAX_LINKS)) if has_room_for_links else _CLEANER
    return cleaner.clean(html)


def _make_inert(image: re.Match[str]) -> str:
    scheme, _, rest = image[2].partition(":")
    return f'{image[1]} data-cid="{rest}"' if scheme.lower() == "cid" else f'{image[1]} data-remote-src="{image[2]}"'


def _is_bomb(html: str) -> bool:
    """Whether it would keep the parser busy for minutes. A cheap estimate, from above."""
    if html.count("&") > MAX_REFERENCES:
        return True
    tags = _TAG.findall(html)
    if len(tags) <= MAX_DEPTH and all(len(attributes) <= MAX_ATTRIBUTES for _, _, attributes in tags):
        return False
    depth = 0
    opened: dict[str, int] = {}
    for closing, name, attributes in tags:
        if len(attributes) > MAX_ATTRIBUTES and len(_SEPARATOR.findall(_VALUE.sub(" ", attributes))) > MAX_ATTRIBUTES:
            return True
        name = name.lower()
        if name in _SHALLOW:
            continue
        if not closing:
            opened[name] = opened.get(name, 0) + 1
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif opened.get(name):
            opened[name] -= 1
            depth -= 1
    return False


def _strip_markup(html: str) -> str:
    return html_escapes.unescape(_MARKUP.sub(" ", html))
