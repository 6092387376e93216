"""Signing in at the stand-in for Microsoft, through msal as the product does it."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import msal
import pytest
import requests

from crm_project.demo.microsoft import faults
from tests.demo.microsoft_clients import CALLBACK, READ, application
from tests.fakes.microsoft import FakeMicrosoft

YUKI = "yuki@minato.example"
# The other way is a cross-site POST, which our cookies do not survive.
pytestmark = pytest.mark.filterwarnings("ignore:response_mode='form_post' is recommended")


@pytest.fixture
def client(microsoft: FakeMicrosoft) -> msal.ConfidentialClientApplication:
    microsoft.mailbox(YUKI, name="Yuki")
    return application(microsoft)


def begin(client: msal.ConfidentialClientApplication, scopes: list[str] = READ, **options: str) -> dict:
    return client.initiate_auth_code_flow(scopes, redirect_uri=CALLBACK, **{"prompt": "select_account"} | options)


def test_msal_signs_somebody_in(microsoft, client):
    flow = begin(client)
    answer = microsoft.consent(flow["auth_uri"], YUKI)
    result = client.acquire_token_by_auth_code_flow(flow, answer)
    assert set(result["scope"].split()) == {"User.Read", "Mail.Read", "openid", "profile"}
    account = microsoft.account(YUKI)
    assert result["id_token_claims"]["oid"] == account.id
    assert result["id_token_claims"]["tid"] == account.tenant_id
    assert client.get_accounts()[0]["home_account_id"] == f"{account.id}.{account.tenant_id}"
    me = requests.get(
        f"{microsoft.url}/v1.0/me", headers={"Authorization": f"Bearer {result['access_token']}"}, timeout=60
    )
    assert me.json()["mail"] == YUKI


def test_refresh_tokens_are_new_each_time_and_the_old_one_lives_on(microsoft, client):
    first = microsoft.grant(YUKI, READ)
    second = client.acquire_token_by_refresh_token(first["refresh_token"], READ)
    again = client.acquire_token_by_refresh_token(first["refresh_token"], READ)
    assert len({first["refresh_token"], second["refresh_token"], again["refresh_token"]}) == 3


def test_a_server_can_be_told_to_refuse_a_used_refresh_token(microsoft, client):
    microsoft.grants.single_use_refresh = True
    first = microsoft.grant(YUKI, READ)
    assert "access_token" in client.acquire_token_by_refresh_token(first["refresh_token"], READ)
    refused = application(microsoft).acquire_token_by_refresh_token(first["refresh_token"], READ)
    assert (refused["error"], refused["error_codes"]) == ("invalid_grant", [70000])


def test_an_unticked_scope_is_not_granted(microsoft, client):
    flow = begin(client)
    result = client.acquire_token_by_auth_code_flow(
        flow, microsoft.consent(flow["auth_uri"], YUKI, untick=["Mail.Read"])
    )
    assert "Mail.Read" not in result["scope"].split()


def test_cancelling_comes_back_as_access_denied(microsoft, client):
    flow = begin(client)
    answer = microsoft.consent(flow["auth_uri"], YUKI, step="cancel")
    assert (answer["error"], answer["error_subcode"], answer["state"]) == ("access_denied", "cancel", flow["state"])
    assert answer["error_description"].startswith("AADSTS65004")


def test_a_tenant_may_keep_consent_to_its_administrators(microsoft, client):
    tenant = microsoft.tenant("minato.example", policy="administrator")
    flow = begin(client)
    page = requests.post(flow["auth_uri"], data={"account": microsoft.account(YUKI).id}, timeout=60)
    assert "Need admin approval" in page.text
    answer = microsoft.consent(flow["auth_uri"], YUKI, step="return")
    assert (answer["error"], answer["error_description"][:11]) == ("access_denied", "AADSTS90094")
    tenant.granted |= {"https://graph.microsoft.com/Mail.Read", "https://graph.microsoft.com/User.Read"}
    answer = microsoft.consent(flow["auth_uri"], YUKI)
    assert "Mail.Read" in client.acquire_token_by_auth_code_flow(flow, answer)["scope"].split()


def test_a_code_can_be_used_once(microsoft, client):
    flow = begin(client)
    answer = microsoft.consent(flow["auth_uri"], YUKI)
    assert "access_token" in client.acquire_token_by_auth_code_flow(dict(flow), answer)
    again = application(microsoft).acquire_token_by_auth_code_flow(dict(flow), answer)
    assert again["error_codes"] == [54005]


def test_a_code_needs_the_verifier_it_was_asked_for_with(microsoft, client):
    flow = begin(client)
    answer = microsoft.consent(flow["auth_uri"], YUKI)
    result = client.acquire_token_by_auth_code_flow(flow | {"code_verifier": "x" * 43}, answer)
    assert result["error_codes"] == [501481]


def test_codes_and_refresh_tokens_run_out(microsoft, client):
    flow = begin(client)
    answer = microsoft.consent(flow["auth_uri"], YUKI)
    grant = microsoft.grant(YUKI, READ)
    microsoft.clock.advance(minutes=11)
    assert client.acquire_token_by_auth_code_flow(flow, answer)["error_codes"] == [70008]
    microsoft.clock.advance(days=91)
    assert client.acquire_token_by_refresh_token(grant["refresh_token"], READ)["error_codes"] == [700082]


def test_a_revoked_grant_is_refused_with_its_number(microsoft, client):
    grant = microsoft.grant(YUKI, READ)
    microsoft.revoke(YUKI)
    result = client.acquire_token_by_refresh_token(grant["refresh_token"], READ)
    assert (result["error"], result["error_codes"]) == ("invalid_grant", [50173])


@pytest.mark.parametrize(("ends", "number"), [(None, 7000215), (timedelta(days=-1), 7000222)])
def test_a_wrong_secret_and_an_expired_one_are_told_apart(microsoft, client, ends, number):
    if ends:
        microsoft.directory.application.secrets["old"] = datetime.now(UTC) + ends
    grant = microsoft.grant(YUKI, READ)
    result = application(microsoft, secret="old").acquire_token_by_refresh_token(grant["refresh_token"], READ)
    assert (result["error"], result["error_codes"]) == ("invalid_client", [number])


def test_every_number_can_be_had_on_demand(microsoft, client):
    grant = microsoft.grant(YUKI, READ)
    microsoft.faults.add(faults.aadsts(50076, claims='{"access_token":{}}'), path="/token$")
    result = client.acquire_token_by_refresh_token(grant["refresh_token"], READ)
    assert (result["error"], result["error_codes"], result["claims"]) == (
        "interaction_required",
        [50076],
        '{"access_token":{}}',
    )


def test_an_outage_is_a_page_of_html(microsoft, client):
    microsoft.faults.add(faults.html(503), path="/token$")
    with pytest.raises(msal.exceptions.MsalServiceError):
        client.acquire_token_by_refresh_token(microsoft.grant(YUKI, READ)["refresh_token"], READ)


def test_a_token_endpoint_that_throttles_says_how_long(microsoft, client):
    microsoft.faults.always(faults.sign_in_throttled(17), path="/token$")
    form = {"grant_type": "refresh_token"}
    answer = requests.post(f"{microsoft.url}/common/oauth2/v2.0/token", data=form, timeout=60)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    result = client.acquire_token_by_refresh_token(microsoft.grant(YUKI, READ)["refresh_token"], READ)
    assert result["error"] == "temporarily_unavailable"


def test_another_nonce_than_the_one_asked_with_is_noticed(microsoft, client):
    flow = begin(client)
    answer = microsoft.consent(flow["auth_uri"].replace("nonce=", "nonce=x"), YUKI)
    with pytest.raises(RuntimeError, match="nonce"):
        client.acquire_token_by_auth_code_flow(flow, answer)


def test_an_undocumented_parameter_is_refused(microsoft, client):
    flow = begin(client)
    assert requests.get(flow["auth_uri"] + "&access_type=offline", timeout=60).status_code == 400
    form = {"client_id": "x", "grant_type": "refresh_token", "approval": "force"}
    answer = requests.post(f"{microsoft.url}/common/oauth2/v2.0/token", data=form, timeout=60)
    assert answer.json()["error_codes"] == [900144]


def test_personal_accounts_cannot_enter_an_organisation(microsoft, client):
    microsoft.mailbox("taro@outlook.example", personal=True)
    organisations = application(microsoft, authority="organizations")
    flow = begin(organisations)
    page = requests.get(flow["auth_uri"], timeout=60).text
    assert (YUKI in page, "taro@outlook.example" in page) == (True, False)
    with pytest.raises(AssertionError, match="AADSTS50020"):
        microsoft.consent(flow["auth_uri"], "taro@outlook.example")


def test_a_scope_of_another_resource_has_a_token_of_its_own(microsoft, client):
    imap = "https://outlook.office.com/IMAP.AccessAsUser.All"
    flow = begin(client, [imap])
    result = client.acquire_token_by_auth_code_flow(flow, microsoft.consent(flow["auth_uri"], YUKI))
    assert imap in result["scope"].split()
    mixed = client.acquire_token_by_refresh_token(result["refresh_token"], [imap, "Mail.Read"])
    assert mixed["error_codes"] == [28000]


def test_the_answer_comes_back_in_the_way_asked_for(microsoft, client):
    flow = client.initiate_auth_code_flow(READ, redirect_uri=CALLBACK, response_mode="fragment")
    form = {"account": microsoft.account(YUKI).id, "step": "consent", "scope": READ}
    answer = requests.post(flow["auth_uri"], data=form, allow_redirects=False, timeout=60)
    assert dict(parse_qsl(urlsplit(answer.headers["Location"]).fragment))["state"] == flow["state"]


def test_an_administrator_allows_everybody(microsoft, client):
    microsoft.tenant("minato.example", policy="administrator")
    microsoft.mailbox("boss@minato.example")
    microsoft.account("boss@minato.example").is_administrator = True
    url = f"{microsoft.url}/minato.example/v2.0/adminconsent"
    query = {
        "client_id": microsoft.environment()["MICROSOFT_CLIENT_ID"],
        "scope": "https://graph.microsoft.com/.default",
        "redirect_uri": CALLBACK,
        "state": "s",
    }
    assert "boss@minato.example" in requests.get(url, params=query, timeout=60).text
    form = {"account": microsoft.account("boss@minato.example").id}
    answer = requests.post(url, params=query, data=form, allow_redirects=False, timeout=60)
    told = dict(parse_qsl(urlsplit(answer.headers["Location"]).query))
    assert (told["admin_consent"], told["tenant"]) == ("True", microsoft.account(YUKI).tenant_id)
    flow = begin(client)
    result = client.acquire_token_by_auth_code_flow(flow, microsoft.consent(flow["auth_uri"], YUKI))
    assert {"User.Read", "Mail.Read"} <= set(result["scope"].split())


def test_an_administrator_can_be_asked(microsoft, client):
    tenant = microsoft.tenant("minato.example", policy="request")
    flow = begin(client)
    form = {"account": microsoft.account(YUKI).id, "step": "request", "justification": "My mail"}
    assert "Request sent" in requests.post(flow["auth_uri"], data=form, timeout=60).text
    assert tenant.requests == [YUKI]


def test_the_pages_speak_japanese(microsoft, client):
    page = requests.get(begin(client)["auth_uri"], headers={"Accept-Language": "ja,en;q=0.5"}, timeout=60).text
    assert "アカウントを選択する" in page


@pytest.mark.parametrize("number", [53003, 50057])
def test_an_account_in_trouble_meets_its_number_everywhere(microsoft, client, number):
    grant = microsoft.grant(YUKI, READ)
    microsoft.account(YUKI).trouble = number
    flow = begin(client)
    with pytest.raises(AssertionError, match=f"AADSTS{number}"):
        microsoft.consent(flow["auth_uri"], YUKI)
    assert client.acquire_token_by_refresh_token(grant["refresh_token"], READ)["error_codes"] == [number]


def test_a_single_tenant_application_cannot_use_the_shared_endpoint(microsoft, client):
    microsoft.directory.application.tenant_id = microsoft.account(YUKI).tenant_id
    with pytest.raises(AssertionError, match="AADSTS50194"):
        microsoft.consent(begin(client)["auth_uri"], YUKI)
    own = application(microsoft, authority="minato.example")
    flow = begin(own)
    assert "access_token" in own.acquire_token_by_auth_code_flow(flow, microsoft.consent(flow["auth_uri"], YUKI))
