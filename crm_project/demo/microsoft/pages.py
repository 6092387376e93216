"""What people see while they sign in. Plain pages that say what they are: a stand-in, in the language of the browser."""

from collections.abc import Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from werkzeug.wrappers import Response

from crm_project.demo.microsoft.directory import PERSONAL_TENANT, Account
from crm_project.demo.microsoft.refusals import SignInRefusal
from crm_project.demo.microsoft.scopes import MEANINGS, Wanted

_STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, "Hiragino Sans", "Noto Sans CJK JP", sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: start center; background: light-dark(#f2f4f7, #14161a); }
main { width: min(27rem, 100vw - 2rem); margin: 12vh 0 3rem; box-sizing: border-box; padding: 1.75rem 2rem;
  background: light-dark(#fff, #1e2127); border: 1px solid light-dark(#d9dee5, #343a44); border-radius: 10px; }
p.stand-in { margin: 0 0 1.25rem; padding: .35rem .6rem; border-radius: 6px; font-size: .8rem;
  background: light-dark(#fff4d6, #43370f); color: light-dark(#6b4e00, #ffe199); }
h1 { margin: 0 0 .25rem; font-size: 1.35rem; }
p.who { margin: 0 0 1rem; color: light-dark(#55606e, #a5afbd); }
ul { list-style: none; margin: 1rem 0; padding: 0; display: grid; gap: .5rem; }
label { display: grid; grid-template-columns: auto 1fr; gap: 0 .6rem; align-items: baseline; }
small { color: light-dark(#55606e, #a5afbd); }
label small { grid-column: 2; }
label:has(textarea) { grid-template-columns: 1fr; }
button { font: inherit; padding: .5rem .9rem; border-radius: 6px; border: 1px solid light-dark(#b9c1cc, #4a525e);
  background: transparent; color: inherit; cursor: pointer; }
button.account { display: grid; width: 100%; text-align: start; }
button.main { background: #0b61a4; border-color: #0b61a4; color: #fff; }
button:focus-visible { outline: 3px solid #4aa3ff; outline-offset: 2px; }
textarea { width: 100%; box-sizing: border-box; font: inherit; border-radius: 6px; padding: .4rem; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; justify-content: flex-end; margin-top: 1.25rem; }
"""


def home(mailboxes: Iterable[tuple[str, int]]) -> Response:
    rows = format_html_join(
        "",
        "<li><b>{}</b> <small>{}</small></li>",
        ((address, _("%(count)s messages") % {"count": count}) for address, count in mailboxes),
    )
    lead = _("It answers for sign-in, tokens and the mail of these accounts:")
    return _page(_("This stands in for Microsoft 365"), format_html("<p>{}</p><ul>{}</ul>", lead, rows))


def choose_account(accounts: Sequence[Account], hint: str) -> Response:
    ordered = sorted(accounts, key=lambda account: hint.lower() not in (account.address.lower(), account.id))
    choices = format_html_join(
        "",
        '<li><button class="account" name="account" value="{}"><b>{}</b><span>{}</span><small>{}</small></button></li>',
        ((account.id, account.name, account.address, _kind(account)) for account in ordered),
    )
    none = format_html("<p>{}</p>", _("No account may sign in here.")) if not accounts else ""
    return _page(
        _("Pick an account"),
        format_html("{}<form method=post><ul>{}</ul></form>{}", none, choices, _cancel()),
    )


def ask_consent(account: Account, wanted: Iterable[Wanted], *, application: str, everybody: bool) -> Response:
    rows = format_html_join(
        "",
        '<li><label><input type="checkbox" name="scope" value="{}" checked><span>{}</span><small>{}</small></label></li>',
        ((one.name, *meaning(one)) for one in wanted),
    )
    if everybody:
        box = '<li><label><input type="checkbox" name="for_everybody" value="1"><span>{}</span></label></li>'
        rows += format_html(box, _("Consent on behalf of your organization"))
    actions = _actions(
        format_html('<button name="step" value="cancel">{}</button>', _("Cancel")),
        format_html('<button class="main" name="step" value="consent">{}</button>', _("Accept")),
    )
    content = format_html(
        '<p class="who">{}</p><p>{}</p><form method="post">{}<ul>{}</ul>{}</form>',
        account.address,
        _("%(application)s would like to:") % {"application": application},
        _who(account),
        rows,
        actions,
    )
    return _page(_("Permissions requested"), content)


def approval_needed(account: Account, wanted: Iterable[Wanted], *, can_ask: bool) -> Response:
    rows = format_html_join("", "<li>{}<br><small>{}</small></li>", (meaning(one) for one in wanted))
    back = format_html(
        '<button name="step" value="return">{}</button>', _("Return to the application without granting consent")
    )
    ask: SafeString | str = ""
    if can_ask:
        ask = format_html(
            '<p><label>{}<textarea name="justification" rows="3"></textarea></label></p>', _("Why do you need it?")
        )
        back = format_html(
            '{}<button class="main" name="step" value="request">{}</button>', back, _("Request approval")
        )
    content = format_html(
        '<p class="who">{}</p><p>{}</p><ul>{}</ul><form method="post">{}{}{}</form>',
        account.address,
        _("This app needs permission to access resources in your organization that only an administrator can grant."),
        rows,
        _who(account),
        ask,
        _actions(back),
    )
    return _page(_("Approval required") if can_ask else _("Need admin approval"), content)


def approval_requested(account: Account) -> Response:
    back = format_html('<button class="main" name="step" value="return">{}</button>', _("Back to the application"))
    content = format_html(
        '<p>{}</p><form method="post">{}{}</form>',
        _("Your administrator was asked. You will hear from them."),
        _who(account),
        _actions(back),
    )
    return _page(_("Request sent"), content)


def administrator_consent(administrators: Sequence[Account], wanted: Iterable[Wanted]) -> Response:
    rows = format_html_join("", "<li>{}<br><small>{}</small></li>", (meaning(one) for one in wanted))
    choices = format_html_join(
        "",
        '<button class="main" name="account" value="{}">{}</button>',
        ((account.id, _("Accept as %(address)s") % {"address": account.address}) for account in administrators),
    )
    content = format_html(
        '<p>{}</p><ul>{}</ul><form method="post">{}</form>{}',
        _("If you accept, this app gets access for everybody in your organization."),
        rows,
        _actions(choices) if choices else _("Nobody here is an administrator."),
        _cancel(),
    )
    return _page(_("Permissions requested for your organization"), content)


def sign_in_trouble(refusal: SignInRefusal) -> Response:
    content = format_html("<p>{}</p><p><code>{}</code></p>", _("You cannot be signed in:"), refusal.description)
    return _page(_("Sorry, but we're having trouble with signing you in"), content, status=refusal.status)


def signed_out() -> Response:
    return _page(_("You signed out of your account"), format_html("<p>{}</p>", _("You may close this window.")))


def post_back(redirect_uri: str, answer: dict[str, str]) -> Response:
    """`response_mode=form_post`."""
    fields = format_html_join("", '<input type="hidden" name="{}" value="{}">', answer.items())
    content = format_html(
        '<form method="post" action="{}">{}<button class="main">{}</button></form><script>document.forms[0].submit()</script>',
        redirect_uri,
        fields,
        _("Continue"),
    )
    return _page(_("Working…"), content)


def meaning(one: Wanted) -> tuple[str, str]:
    title, text = MEANINGS[one.name]
    return str(title), f"{text} ({one.name})"


def _kind(account: Account) -> str:
    return _("Personal account") if account.tenant_id == PERSONAL_TENANT else _("Work or school account")


def _who(account: Account) -> SafeString:
    return format_html('<input type="hidden" name="account" value="{}">', account.id)


def _cancel() -> SafeString:
    button = format_html('<button name="step" value="cancel">{}</button>', _("Cancel"))
    return format_html('<form method="post">{}</form>', _actions(button))


def _actions(*buttons: SafeString) -> SafeString:
    return format_html('<div class="actions">{}</div>', format_html_join("", "{}", ((button,) for button in buttons)))


def _page(title: str, content: SafeString, *, status: int = 200) -> Response:
    html = format_html(
        '<!DOCTYPE html><html lang="{}"><head><meta charset="utf-8"><title>{}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>{}</style></head>'
        '<body><main><p class="stand-in">{}</p><h1>{}</h1>{}</main></body></html>',
        get_language() or "en",
        title,
        SafeString(_STYLE),
        _("Demo stand-in for Microsoft: nothing here leaves this machine."),
        title,
        content,
    )
    return Response(html, status=status, content_type="text/html; charset=utf-8")
