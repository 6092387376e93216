"""What every page carries stays small, and no template holds a style or a script of its own."""

import re
from pathlib import Path

import brotli
import django_htmx
from django.conf import settings
from lucide import IconDoesNotExist

from crm_project.templatetags.ui import icon

STATIC = Path(settings.BASE_DIR, "static")
HTMX = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"
CSS_BUDGET, JS_BUDGET = 20_000, 35_000  # bytes after brotli, all files of a page together


def compressed(paths: list[Path]) -> int:
    return sum(len(brotli.compress(path.read_bytes())) for path in paths)


def test_all_styles_fit_their_budget():
    assert compressed(sorted(STATIC.glob("css/*.css"))) <= CSS_BUDGET


def test_all_scripts_of_a_page_fit_their_budget():
    assert compressed([HTMX, *sorted(STATIC.glob("js/*.js"))]) <= JS_BUDGET


def test_no_template_carries_a_style_a_script_or_a_handler():
    inline = re.compile(
        r"<style|\sstyle=|<script(?![^>]*\ssrc=)(?![^>]*template)|\son[a-z]+=|javascript:", re.IGNORECASE
    )

    found = {
        str(path.relative_to(settings.BASE_DIR)): match.group()
        for path in sorted(Path(settings.BASE_DIR).glob("**/templates/**/*.html"))
        # Mail programs read no style sheets; the template of a mail never becomes a page.
        if not {".venv", "email"} & set(path.parts) and (match := inline.search(path.read_text()))
    }

    assert found == {}


def test_every_icon_that_a_template_names_is_drawn():
    """A name that does not exist would be an error in a state of a page that perhaps no test opens."""
    tags = re.compile(r"{% (icon|empty_state|callout|badge|menu|nav_item) ([^%]*)%}")
    place = {"icon": 0, "empty_state": 0, "callout": 2, "badge": 2, "menu": 2, "nav_item": 1}
    missing = []
    for path in sorted(Path(settings.BASE_DIR, "templates").glob("**/*.html")):
        for tag, arguments in tags.findall(path.read_text()):
            words = re.findall(r'_\("[^"]*"\)|"[^"]*"|\S+', arguments)
            name = words[place[tag]] if len(words) > place[tag] else ""
            if name.startswith('"') and not _is_drawn(name.strip('"')):
                missing.append(f"{path.name}: {name}")
    assert missing == []


def _is_drawn(name: str) -> bool:
    try:
        return bool(icon(name))
    except IconDoesNotExist:
        return False
