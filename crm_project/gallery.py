"""Sample content for the gallery of components: every part in every state, each with the markup that makes it."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import format_html

SECTIONS = Path(settings.BASE_DIR, "templates", "gallery", "sections")


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    markup: str
    source: str


class SampleForm(forms.Form):
    """One field of each kind."""

    address = forms.EmailField(label="E-mail address", help_text="We look up the server settings for you.")
    password = forms.CharField(label="App password", widget=forms.PasswordInput)
    history = forms.ChoiceField(
        label="How far back", choices=[("30", "30 days"), ("90", "90 days"), ("all", "Everything")]
    )
    signature = forms.CharField(label="Signature", required=False, widget=forms.Textarea(attrs={"rows": 3}))
    preset = forms.ChoiceField(
        label="What is logged",
        initial="replies",
        widget=forms.RadioSelect(attrs={"class": "cards"}),
        choices=[
            ("manual", format_html("<b>{}</b><small>{}</small>", "Only what I choose", "Nothing is logged by itself.")),
            (
                "replies",
                format_html("<b>{}</b><small>{}</small>", "Replies", "Conversations that are already logged go on."),
            ),
            ("known", format_html("<b>{}</b><small>{}</small>", "Known contacts", "All mail with people in the CRM.")),
        ],
    )
    theme = forms.ChoiceField(
        label="Appearance",
        initial="system",
        choices=[("system", "System"), ("light", "Light"), ("dark", "Dark")],
        widget=forms.RadioSelect,
    )
    folders = forms.MultipleChoiceField(
        label="Folders",
        required=False,
        initial=["inbox"],
        choices=[("inbox", "Inbox"), ("sent", "Sent"), ("archive", "Archive")],
        widget=forms.CheckboxSelectMultiple,
    )
    confirm = forms.BooleanField(label="I may connect this mailbox", help_text="Colleagues see only what is logged.")
    notify = forms.BooleanField(
        label="Tell me when it disconnects",
        required=False,
        initial=True,
        widget=forms.CheckboxInput(attrs={"role": "switch"}),
        help_text="By e-mail, once per trouble.",
    )
    locked = forms.CharField(label="Set by your workspace", initial="IMAP", disabled=True, required=False)

    def clean(self) -> None:
        raise forms.ValidationError("The server refused the sign-in. Nothing was saved; check the two fields below.")


def context(request: HttpRequest) -> dict[str, object]:
    return {"theme": request.GET.get("theme", "system"), "sections": sections(request)}


def sections(request: HttpRequest) -> list[Section]:
    content = samples()
    return [
        Section(
            name=path.stem.partition("_")[2],
            title=path.stem.partition("_")[2].replace("_", " ").capitalize(),
            markup=render_to_string(f"gallery/sections/{path.name}", content, request),
            source=path.read_text(),
        )
        for path in sorted(SECTIONS.glob("*.html"))
    ]


def samples() -> dict[str, object]:
    now = timezone.now()
    return {
        "now": now,
        "earlier": now - dt.timedelta(minutes=2),
        "yesterday": now - dt.timedelta(days=1),
        "last_year": now - dt.timedelta(days=400),
        "form": SampleForm(auto_id="clean_%s"),
        "form_with_errors": SampleForm({"address": "yuki", "preset": "replies", "theme": "dark"}, auto_id="wrong_%s"),
        "page": Paginator(range(1204), 50).get_page(3),
        "parts": [
            ("Logged to contacts", 2318, "ok"),
            ("No known contact", 61204, "neutral"),
            ("Never log", 412, "warn"),
            ("Could not be read", 3, "bad"),
        ],
    }
