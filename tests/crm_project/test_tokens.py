"""Text can be read on every surface it stands on, in both schemes: computed from static/css/tokens.css."""

import math
import re
from itertools import product
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = Path(settings.BASE_DIR, "static", "css", "tokens.css").read_text()
TEXT_RATIO, CONTROL_RATIO = 4.5, 3.0  # WCAG 2.2, 1.4.3 and 1.4.11
SURFACES = ["canvas", "surface", "raised", "sunken", "hover", "selected"]
PAIRS = [
    *product(["text", "text-2"], [*SURFACES, "accent-soft", "ok-soft", "warn-soft", "bad-soft"]),
    *product(["muted"], [*SURFACES, "accent-soft", "bad-soft"]),
    *product(["accent-text", "bad-text"], ["canvas", "surface", "raised", "sunken", "hover"]),
    *((f"{tone}-text", f"{tone}-soft") for tone in ("ok", "warn", "bad", "accent")),
    *(("on-accent", fill) for fill in ("accent", "accent-hover", "danger", "danger-hover")),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "surface"), PAIRS)
def test_text_is_readable_on_its_surface(text: str, surface: str, scheme: str):
    assert contrast(token(text, scheme), token(surface, scheme)) >= TEXT_RATIO


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("line", ["line-control", "accent", "bad-text"])
@pytest.mark.parametrize("surface", ["surface", "raised"])
def test_controls_stand_out_from_their_surface(line: str, surface: str, scheme: str):
    assert contrast(token(line, scheme), token(surface, scheme)) >= CONTROL_RATIO


def test_colours_are_written_in_the_tokens_only():
    head = Path(settings.BASE_DIR, "templates", "_head.html").read_text()
    others = [name for name in re.findall(r"css/(\w+\.css)", head) if name != "tokens.css"]

    found = {
        name: set(re.findall(r"#[0-9a-f]{3,8}\b", Path(settings.BASE_DIR, "static", "css", name).read_text()))
        for name in others
    }

    # White: the knob of a switch, and the page that a mail was written for.
    assert {name: colours for name, colours in found.items() if colours} == {
        "forms.css": {"#fff"},
        "records.css": {"#fff"},
    }


def token(name: str, scheme: str) -> tuple[float, float, float]:
    """Linear sRGB of --name: light-dark(oklch(L C H), oklch(L C H))."""
    number = r"([\d.]+)"
    colour = rf"oklch\({number} {number} {number}\)"
    found = re.search(rf"--{name}: light-dark\({colour}, {colour}\);", TOKENS)
    assert found, f"--{name} is not a pair of oklch colours"
    values = [float(value) for value in found.groups()]
    lightness, chroma, hue = values[:3] if scheme == "light" else values[3:]
    return linear_srgb(lightness, chroma, math.radians(hue))


def linear_srgb(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """CSS Color 4, section 18: OKLCH to linear-light sRGB, clipped to the gamut."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return clip(red), clip(green), clip(blue)


def clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def contrast(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    """WCAG 2.2: the ratio of relative luminances."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: tuple[float, float, float]) -> float:
    red, green, blue = colour
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
