"""`/adminconsent`: an administrator allows the application for everybody in the organisation."""

from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft import pages, scopes
from crm_project.demo.microsoft.refusals import SignInRefusal
from crm_project.demo.microsoft.scopes import GRAPH, Wanted
from crm_project.demo.microsoft.signing_in import with_answer
from crm_project.demo.microsoft.world import World

_PARAMETERS = {"client_id", "scope", "redirect_uri", "state"}
_EVERYTHING = GRAPH + ".default"


def ask(world: World, request: Request, authority: str) -> Response:
    """Raises SignInRefusal for what is shown on a page rather than sent back to the application."""
    args = request.args
    application = world.directory.application
    if unknown := sorted(set(args) - _PARAMETERS):
        raise SignInRefusal(900144, f"The request holds parameters that are not documented: {unknown}.")
    if args.get("client_id") != application.id:
        raise SignInRefusal(700016)
    redirect_uri = args.get("redirect_uri", "")
    if not redirect_uri or (application.redirect_uris and redirect_uri not in application.redirect_uris):
        raise SignInRefusal(50011)
    wanted = _wanted(args.get("scope", ""), application.permissions)
    state = {"state": args["state"]} if "state" in args else {}
    if request.form.get("step") == "cancel":
        refused = {"error": "permission_denied", "error_description": "The admin canceled the request"}
        return redirect(with_answer(redirect_uri, (refused | state).items()))
    administrators = [one for one in world.directory.of_authority(authority) if one.is_administrator]
    account = next((one for one in administrators if one.id == request.form.get("account")), None)
    if account is None:
        return pages.administrator_consent(administrators, wanted)
    world.directory.tenant_of(account).granted |= {one.full for one in wanted}
    answer = {"admin_consent": "True", "tenant": account.tenant_id, "scope": args["scope"]}
    return redirect(with_answer(redirect_uri, (answer | state).items()))


def _wanted(scope: str, permissions: set[str]) -> list[Wanted]:
    if scope == _EVERYTHING:
        return [Wanted(name, name) for name in sorted(permissions)]
    return scopes.read(scope)[0]
