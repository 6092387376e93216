"""`/oauth2/v2.0/token` and the documents a client library reads before it signs anybody in."""

from typing import Any

from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft.directory import PERSONAL_TENANT
from crm_project.demo.microsoft.grants import client_info
from crm_project.demo.microsoft.refusals import SignInRefusal
from crm_project.demo.microsoft.world import World

_ALWAYS = {"grant_type", "client_id", "client_secret", "scope", "client_info", "claims"}
_FIELDS = {
    "authorization_code": _ALWAYS | {"code", "redirect_uri", "code_verifier"},
    "refresh_token": _ALWAYS | {"refresh_token"},
}


def openid_configuration(world: World, authority: str) -> dict[str, Any]:
    """The token endpoint is told as https, because msal accepts nothing else: the client maps it back. Browsers map nothing."""
    base = f"{world.url}/{authority}"
    encrypted = base.replace("http:", "https:", 1)
    tenant = world.directory.known_tenant(authority)
    issuer = "{tenantid}" if tenant is None else tenant.id
    return {
        "token_endpoint": f"{encrypted}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"https://login.microsoftonline.com/{issuer}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
        "tenant_region_scope": None,
        "cloud_instance_name": "microsoftonline.com",
        "msgraph_host": "graph.microsoft.com",
    }


def token(world: World, request: Request, authority: str) -> Response | dict[str, Any]:
    """Raises SignInRefusal."""
    form = request.form.to_dict()
    kind = form.get("grant_type", "")
    if kind not in _FIELDS:
        raise SignInRefusal(9001023)
    unknown = sorted(form.keys() - _FIELDS[kind])
    if unknown or any(len(values) > 1 for values in request.form.listvalues()):
        raise SignInRefusal(900144, f"The request body holds a parameter that is not documented, or twice: {unknown}.")
    application = world.directory.application
    if form.get("client_id") != application.id:
        raise SignInRefusal(700016)
    check_authority(world, authority)
    application.check_secret(form.get("client_secret", ""), world.clock.now())
    if kind == "authorization_code":
        answer = world.grants.redeem(
            code=form.get("code", ""),
            redirect_uri=form.get("redirect_uri", ""),
            verifier=form.get("code_verifier", ""),
            scope=form.get("scope", ""),
        )
        account_id = world.grants.codes[form["code"]].account_id
    else:
        old = form.get("refresh_token", "")
        answer = world.grants.refresh(token=old, scope=form.get("scope", ""))
        account_id = world.grants.refresh_tokens[old].account_id
    if form.get("client_info") == "1":
        answer["client_info"] = client_info(world.directory.accounts[account_id])
    return answer


def check_authority(world: World, authority: str) -> None:
    """A single-tenant application cannot use the shared endpoints. Raises SignInRefusal."""
    own = world.directory.application.tenant_id
    tenant = world.directory.known_tenant(authority)
    if own and (tenant is None or tenant.id not in (own, PERSONAL_TENANT)):
        raise SignInRefusal(50194)
