"""Every act has words, in both languages."""

import ast
import re
from collections.abc import Iterator

from django.utils import translation

from audit import acts
from tests.test_repository import product_files

RECORDING = {"record", "_record", "_tell_audit"}


def recorded() -> Iterator[str]:
    """Every text in a call that records, and in code that chooses what is recorded: it looks like a code, and is one."""
    for path in product_files():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and name_of(node.func) in RECORDING:
                yield from codes_in(node)


def name_of(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def codes_in(call: ast.Call) -> Iterator[str]:
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "action")]
    texts = [each for argument in given for each in ast.walk(argument) if isinstance(each, ast.Constant)]
    yield from (
        each.value for each in texts if isinstance(each.value, str) and re.fullmatch(r"\w+\.\w+[a-z]", each.value)
    )


def test_every_act_that_is_recorded_has_words():
    codes = set(recorded())
    assert {"inbox.paused", "person.created", "logging.unlogged", "audit.exported"} <= codes
    assert codes - set(acts.codes()) == set()


def test_acts_whose_code_is_put_together_have_words():
    """`logging_rules.actions.never_log` joins what was done to the beginning of the code."""
    assert {f"logging.never_log_{what}" for what in ("added", "edited", "removed")} <= set(acts.codes())


def test_every_act_and_group_has_words_of_its_own_in_both_languages():
    said = {}
    for language in ("en", "ja"):
        with translation.override(language):
            said[language] = {code: acts.words_of(code) for code in acts.codes()}
            assert len(set(said[language].values())) == len(acts.codes())
    assert [code for code in acts.codes() if said["en"][code] == said["ja"][code]] == []
    assert {code.partition(".")[0] for code in acts.codes()} == {name for name, _ in acts.groups()}


def test_an_act_that_nobody_has_words_for_any_more_is_shown_by_its_code():
    assert acts.words_of("gone.done") == "gone.done"
