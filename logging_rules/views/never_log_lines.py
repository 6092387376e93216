"""Adding many never-log entries at once, with a report about each line."""

from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from logging_rules import actions
from logging_rules.changes import Change, Entry
from logging_rules.lists import NeverLogList
from logging_rules.never_log_forms import LinesForm
from logging_rules.never_log_lines import LineResult, Outcome, Wanted, understand
from users.http import SignedInRequest

MOST_IN_A_CHANGE = 50
TO_CORRECT = (Outcome.NOT_UNDERSTOOD, Outcome.REFUSED)


@require_http_methods(["GET", "POST"])
def add_many(request: SignedInRequest, *, shared: bool) -> HttpResponse:
    """A POST adds what can be added and answers with the rest, ready to be corrected."""
    never_log = NeverLogList.of(request.user, shared=shared)
    never_log.refuse_readers()
    form, report = LinesForm(request.POST or None, request.FILES or None, shared=shared), None
    if request.method == "POST" and form.is_valid():
        try:
            report = _added(request, never_log, form)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            form = LinesForm(shared=shared, initial={"lines": report.to_correct_text})
    context = {"list": never_log, "form": form, "report": report}
    return render(request, "logging_rules/never_log_many.html", context, status=422 if form.errors else 200)


def _added(request: SignedInRequest, never_log: NeverLogList, form: LinesForm) -> "Report":
    """Raises ValidationError."""
    covers_team = form.cleaned_data.get("covers_team", False)
    results = actions.add_never_log_lines(
        lines=form.cleaned_data["read"],
        by=request.user,
        owner=never_log.owner,
        covers_team=covers_team,
        certain="certain" in request.POST,
    )
    return Report(results, never_log, covers_team)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the lines, for the page that says so."""

    results: list[LineResult]
    never_log: NeverLogList
    covers_team: bool

    @property
    def added(self) -> int:
        return len(self._with(Outcome.ADDED))

    @property
    def already_there(self) -> int:
        return len(self._with(Outcome.ALREADY_THERE))

    @property
    def unsure(self) -> list[LineResult]:
        return self._with(Outcome.UNSURE)

    @property
    def to_correct(self) -> list[LineResult]:
        return self._with(*TO_CORRECT)

    @property
    def unsure_text(self) -> str:
        return _as_text(self.unsure)

    @property
    def to_correct_text(self) -> str:
        return _as_text(self.to_correct)

    @property
    def download(self) -> str:
        """The lines to correct as a file, held by the page itself: nothing is kept here for it."""
        return f"data:text/csv;base64,{b64encode(self.to_correct_text.encode('utf-8-sig')).decode()}"

    @property
    def past_url(self) -> str:
        """Where the meaning of what was added is shown for the past; empty when it is too much for one address."""
        added = [understand(result.line) for result in self._with(Outcome.ADDED)]
        if not 0 < len(added) <= MOST_IN_A_CHANGE:
            return ""
        return change_of_lines(added, self.never_log, covers_team=self.covers_team).url

    def _with(self, *outcomes: Outcome) -> list[LineResult]:
        return [result for result in self.results if result.outcome in outcomes]


def change_of_lines(added: list[Wanted], never_log: NeverLogList, *, covers_team: bool) -> Change:
    made = Change.of_workspace if never_log.is_shared else Change.of_person
    return made(
        listed=[
            Entry(
                line.target.kind,
                line.target.value,
                line.scope,
                never_log.is_shared and (covers_team if line.covers_team is None else line.covers_team),
            )
            for line in added
        ]
    )


def _as_text(results: Iterable[LineResult]) -> str:
    return "\n".join(result.line.text for result in results)
