"""The dry run in words: what each preset would log, side by side, and what would become of some e-mails."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from logging_rules.dry_run import DryRunState, Sample
from logging_rules.facts import Preset
from logging_rules.models import PRESET_LABELS
from logging_rules.reasons import LOGGING_CODES, label_of

SHORT_LABELS: dict[Preset, Promise] = {
    Preset.MANUAL: _("Only chosen"),
    Preset.REPLIES: _("Replies"),
    Preset.KNOWN: _("Known contacts"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """How many e-mails, under one preset."""

    preset: str
    count: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A reason, or the sum of all reasons of one outcome, under each preset."""

    label: str
    cells: list[Cell]
    is_sum: bool = False


@dataclass(frozen=True, slots=True)
class SampleView:
    """What the chosen preset would do with an e-mail, and the other presets that would do otherwise."""

    sample: Sample
    is_logged: bool
    reason: str
    others: list[str]


def comparison(state: DryRunState, *, chosen: Preset) -> list[Row]:
    """First what would be logged, then what would not; under each sum its reasons, the most frequent in front."""
    codes = {code for counts in state.counts.values() for code in counts}
    frequent = sorted(codes, key=lambda code: -max(state.counts[preset].get(code, 0) for preset in Preset))
    rows = []
    for label, logged in ((_("Would be logged"), True), (_("Stay private, not stored"), False)):
        part = [code for code in frequent if (code in LOGGING_CODES) is logged]
        rows.append(_row(str(label), part, state, chosen, is_sum=True))
        rows += [_row(label_of(code), [code], state, chosen) for code in part]
    return rows


def _row(label: str, codes: list[str], state: DryRunState, chosen: Preset, *, is_sum: bool = False) -> Row:
    cells = [
        Cell(
            str(SHORT_LABELS[preset]),
            sum(state.counts[preset].get(code, 0) for code in codes),
            preset is chosen,
        )
        for preset in Preset
    ]
    return Row(label, cells, is_sum)


def sample_views(samples: list[Sample], *, chosen: Preset) -> list[SampleView]:
    return [
        SampleView(
            sample=sample,
            is_logged=chosen in sample.logged_by,
            reason=label_of(sample.codes[chosen]),
            others=[
                str(PRESET_LABELS[preset])
                for preset in Preset
                if (preset in sample.logged_by) is not (chosen in sample.logged_by)
            ],
        )
        for sample in samples
    ]
