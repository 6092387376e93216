import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from google.auth.transport.requests import Request
from google.oauth2 import id_token
from google_auth_oauthlib.flow import Flow

from crm_project.demo.google import answers
from crm_project.demo.google.state import READ_SCOPE
from tests.demo.google_client import YUKI
from tests.fakes.google import consent

REDIRECT = "http://localhost:8000/inboxes/oauth/google/callback"
SEND_SCOPE = "https://www.googleapis.com/auth/gmail.send"
PRIVATE = "private@gmail.example"


@pytest.fixture(autouse=True)
def _registered(google, monkeypatch):
    google.client.redirect_uris.append(REDIRECT)
    google.mailbox(YUKI, name="Yuki")
    google.mailbox(PRIVATE)
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")


def flow_of(fake, scopes=(READ_SCOPE,)):
    config = {
        "client_id": fake.client.id,
        "client_secret": fake.client.secret,
        "auth_uri": fake.environment()["GOOGLE_AUTHORIZE_URL"],
        "token_uri": fake.environment()["GOOGLE_TOKEN_URL"],
    }
    return Flow.from_client_config({"web": config}, scopes=list(scopes), redirect_uri=REDIRECT)


def begin(flow, **options) -> str:
    return flow.authorization_url(**{"access_type": "offline", **options})[0]


def sign_in(fake, scopes=(READ_SCOPE,), *, address=YUKI, untick=(), **options):
    """The whole way through the pages and the library; its credentials."""
    flow = flow_of(fake, scopes)
    back = consent(begin(flow, **options), address, untick=untick)
    flow.fetch_token(authorization_response=back)
    return flow.credentials


def values_of(location: str) -> dict[str, str]:
    assert location.startswith(REDIRECT + "?")
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def page_of(url: str, **headers):
    return requests.get(url, allow_redirects=False, timeout=60, headers=headers)


def test_a_person_allows_and_the_library_gets_tokens(google):
    held = sign_in(google, prompt="consent")
    assert held.granted_scopes == [READ_SCOPE]
    first = held.token
    held.refresh(Request())
    assert held.token != first
    assert google.grants.valid_access_token(held.token).address == YUKI


def test_the_state_comes_back_with_the_code(google):
    flow = flow_of(google)
    url, state = flow.authorization_url(access_type="offline")
    assert values_of(consent(url, YUKI)) == {
        "state": state,
        "code": next(iter(google.grants.codes)),
        "scope": READ_SCOPE,
        "authuser": "0",
        "prompt": "consent",
    }


def test_an_unticked_scope_is_not_granted(google):
    held = sign_in(google, [READ_SCOPE, SEND_SCOPE], untick=[SEND_SCOPE])
    assert held.granted_scopes == [READ_SCOPE]


@pytest.mark.parametrize("choice", [{"cancels": True}, {"untick": [READ_SCOPE]}])
def test_cancelling_and_allowing_nothing_are_refusals(google, choice):
    flow = flow_of(google)
    url, state = flow.authorization_url()
    assert values_of(consent(url, YUKI, **choice)) == {"state": state, "error": "access_denied"}


def test_another_account_than_the_hinted_one_can_be_chosen(google):
    hinted = begin(flow_of(google), login_hint=YUKI)
    assert YUKI in page_of(hinted).text
    assert PRIVATE not in page_of(hinted).text
    with_choice = begin(flow_of(google), login_hint=YUKI, prompt="select_account consent")
    assert PRIVATE in page_of(with_choice).text
    assert sign_in(google, address=PRIVATE, login_hint=YUKI, prompt="select_account").token
    assert google.grants.allowed(google.client, PRIVATE) == (READ_SCOPE,)
    assert google.grants.allowed(google.client, YUKI) == ()


def test_the_second_consent_gives_no_refresh_token_unless_it_was_asked_for(google):
    assert sign_in(google).refresh_token
    assert sign_in(google).refresh_token is None
    assert sign_in(google, prompt="consent").refresh_token


def test_scopes_are_asked_for_one_after_the_other(google):
    sign_in(google)
    alone = sign_in(google, [SEND_SCOPE], prompt="consent")
    assert alone.granted_scopes == [SEND_SCOPE]
    together = sign_in(google, [SEND_SCOPE], prompt="consent", include_granted_scopes="true")
    assert set(together.granted_scopes) == {READ_SCOPE, SEND_SCOPE}


def test_nobody_is_asked_where_nothing_may_be_shown(google):
    silent = {"prompt": "none", "login_hint": YUKI}
    assert values_of(consent(begin(flow_of(google), **silent), YUKI))["error"] == "interaction_required"
    sign_in(google)
    assert "code" in values_of(consent(begin(flow_of(google), **silent), YUKI))


def test_an_id_token_says_who_signed_in(google):
    held = sign_in(google, ["openid", "email", READ_SCOPE], nonce="n-17", untick=[READ_SCOPE])
    assert held.granted_scopes == ["openid", "https://www.googleapis.com/auth/userinfo.email"]
    url = google.environment()["GOOGLE_CERTS_URL"]
    claims = id_token.verify_token(held.id_token, Request(), audience=google.client.id, certs_url=url)
    assert claims["email"] == YUKI
    assert claims["sub"] == google.grants.subject_of(YUKI)
    assert claims["nonce"] == "n-17"


def test_an_account_that_is_renamed_stays_the_same(google):
    held = sign_in(google)
    subject = google.grants.subject_of(YUKI)
    google.rename(YUKI, "yuki.sato@minato.example")
    held.refresh(Request())
    assert google.grants.valid_access_token(held.token).address == "yuki.sato@minato.example"
    assert google.grants.subject_of("yuki.sato@minato.example") == subject


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"redirect_uri": REDIRECT + "/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "https://evil.example/"}, 400, "redirect_uri_mismatch"),
        ({"response_type": "token"}, 400, "invalid_request"),
        ({"response_type": ""}, 400, "invalid_request"),
        ({"scope": ""}, 400, "invalid_request"),
        ({"scope": "https://www.googleapis.com/auth/gmail.everything"}, 400, "invalid_scope"),
        ({"access_type": "forever"}, 400, "invalid_request"),
        ({"prompt": "consent always"}, 400, "invalid_request"),
        ({"code_challenge": "short"}, 400, "invalid_request"),
        ({"approval_prompt": "force"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_request_is_told_to_the_person_and_nobody_is_sent_anywhere(google, changes, status, code):
    url, _query = begin(flow_of(google)).split("?")
    query = {name: values[0] for name, values in parse_qs(_query).items()} | changes
    page = requests.get(url, query, allow_redirects=False, timeout=60)
    assert (page.status_code, f"Error {status}: {code}" in page.text) == (status, True)
    assert "Location" not in page.headers


def test_a_policy_of_the_organisation_blocks_the_account(google):
    google.grants.policies[YUKI] = answers.admin_policy_enforced()
    page = page_of(begin(flow_of(google), login_hint=YUKI))
    assert (page.status_code, "admin_policy_enforced" in page.text) == (400, True)


def test_an_internal_client_is_closed_to_strangers(google):
    google.client.organisation = "minato.example"
    assert "org_internal" in page_of(begin(flow_of(google), login_hint=PRIVATE)).text
    assert sign_in(google).token


def test_a_page_that_was_answered_cannot_be_answered_again(google):
    page = page_of(begin(flow_of(google), login_hint=YUKI))
    key = page.text.split('name="request" value="')[1].split('"')[0]
    form = {"request": key, "account": YUKI, "scope": READ_SCOPE, "decision": "allow"}
    first, second = (
        requests.post(f"{google.url}/signin/consent", form, allow_redirects=False, timeout=60) for _time in range(2)
    )
    assert (first.status_code, second.status_code) == (302, 400)
    assert "expired_request" in second.text


def test_the_pages_speak_the_language_of_the_browser(google):
    url = begin(flow_of(google), login_hint=YUKI)
    assert "アクセスを求めています" in page_of(url, **{"Accept-Language": "ja,en;q=0.8"}).text
    assert "wants access to your account" in page_of(url, **{"Accept-Language": "en-GB"}).text


def test_what_others_wrote_is_escaped(google):
    google.mailbox("evil@gmail.example", name='<script>alert("x")</script>')
    page = page_of(begin(flow_of(google)))
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


# The token endpoint


def code_for(fake, flow) -> str:
    return values_of(consent(begin(flow), YUKI))["code"]


def ask(fake, **form):
    usual = {"client_id": fake.client.id, "client_secret": fake.client.secret}
    return requests.post(fake.environment()["GOOGLE_TOKEN_URL"], usual | form, timeout=60)


def exchange(fake, flow, **changes):
    form = {"grant_type": "authorization_code", "code": code_for(fake, flow), "redirect_uri": REDIRECT}
    return ask(fake, **(form | {"code_verifier": flow.code_verifier} | changes))


def refresh(fake, token: str, **changes):
    return ask(fake, **({"grant_type": "refresh_token", "refresh_token": token} | changes))


def test_a_code_is_good_once(google):
    flow = flow_of(google)
    done = exchange(google, flow)
    again = exchange(google, flow, code=next(iter(google.grants.codes)))
    assert (done.status_code, done.json()["expires_in"]) == (200, 3599)
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant", "error_description": "Bad Request"})


def test_a_code_is_good_for_ten_minutes(google):
    flow = flow_of(google)
    code = code_for(google, flow)
    google.clock.advance(600)
    assert exchange(google, flow, code=code).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code": "4/0Anonsense"}, 400, "invalid_grant"),
        ({"code_verifier": "x" * 64}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "?next=1"}, 400, "redirect_uri_mismatch"),
        ({"client_secret": "GOCSPX-old"}, 401, "invalid_client"),
        ({"client_secret": ""}, 400, "invalid_request"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"tenant": "x"}, 400, "invalid_request"),
    ],
)
def test_a_wrong_exchange_is_refused(google, changes, status, error):
    refused = exchange(google, flow_of(google), **changes)
    assert (refused.status_code, refused.json()["error"]) == (status, error)
    assert exchange(google, flow_of(google)).status_code == 200


def test_the_challenge_is_the_digest_of_the_verifier(google):
    flow = flow_of(google)
    asked = parse_qs(urlsplit(begin(flow)).query)
    digest = hashlib.sha256(flow.code_verifier.encode()).digest()
    assert asked["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]


def test_client_credentials_may_come_in_a_header(google):
    token = google.grant(YUKI)["refresh_token"]
    answer = requests.post(
        google.environment()["GOOGLE_TOKEN_URL"],
        {"grant_type": "refresh_token", "refresh_token": token},
        auth=(google.client.id, google.client.secret),
        timeout=60,
    )
    assert answer.status_code == 200


def test_a_refresh_may_ask_for_less_but_not_for_more(google):
    token = google.grant(YUKI, [READ_SCOPE, SEND_SCOPE])["refresh_token"]
    assert refresh(google, token, scope=READ_SCOPE).json()["scope"] == READ_SCOPE
    assert refresh(google, token, scope="https://mail.google.com/").json()["error"] == "invalid_scope"


def test_a_rotated_refresh_token_ends_with_its_first_use(google):
    google.grants.rotates = True
    first = google.grant(YUKI)["refresh_token"]
    second = refresh(google, first).json()["refresh_token"]
    assert refresh(google, first).json()["error"] == "invalid_grant"
    assert refresh(google, second).status_code == 200


def test_refresh_tokens_end_in_many_ways(google):
    ends = {
        "taken back": lambda token: google.grants.withdraw(YUKI),
        "new password": lambda token: google.grants.change_password(YUKI),
        "half a year idle": lambda token: google.clock.advance(days=183),
        "too many others": lambda token: [google.grant(YUKI) for _number in range(100)],
        "never made": lambda token: google.grants.refresh_tokens.pop(token),
    }
    for name, end in ends.items():
        token = google.grant(YUKI)["refresh_token"]
        assert refresh(google, token).status_code == 200, name
        end(token)
        assert (refresh(google, token).status_code, refresh(google, token).json()["error"]) == (400, "invalid_grant"), (
            name
        )


def test_tokens_of_a_client_in_testing_live_seven_days(google):
    google.client.is_testing = True
    tokens = google.grant(YUKI)
    assert tokens["refresh_token_expires_in"] == 604_799
    google.clock.advance(days=6.9)
    assert refresh(google, tokens["refresh_token"]).status_code == 200
    google.clock.advance(days=0.2)
    assert refresh(google, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_policy_refuses_what_was_granted_before(google):
    token = google.grant(YUKI)["refresh_token"]
    google.grants.policies[YUKI] = answers.reauthentication_required()
    assert refresh(google, token).json()["error_subtype"] == "invalid_rapt"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (answers.invalid_grant(), 400),
        (answers.invalid_client(), 401),
        (answers.unauthorized_client(), 401),
        (answers.admin_policy_enforced(), 400),
        (answers.token_server_error(), 503),
        (answers.token_rate_limited(), 429),
        (answers.html_error(502), 502),
    ],
)
def test_every_refusal_can_be_ordered(google, fault, status):
    token = google.grant(YUKI)["refresh_token"]
    google.faults.next("token", fault, times=2, mailbox=YUKI)
    assert [refresh(google, token).status_code for _time in range(3)] == [status, status, 200]


def test_a_rotated_token_can_be_lost_on_its_way(google):
    google.grants.rotates = True
    token = google.grant(YUKI)["refresh_token"]
    google.faults.next("token", answers.dropped(performed=True))
    with pytest.raises(requests.ConnectionError):
        refresh(google, token)
    assert refresh(google, token).json()["error"] == "invalid_grant"


def test_revoking_ends_the_whole_consent(google):
    tokens = google.grant(YUKI)
    url = google.environment()["GOOGLE_REVOKE_URL"]
    assert requests.post(url, {"token": tokens["access_token"]}, timeout=60).status_code == 200
    assert refresh(google, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    gone = requests.post(url, {"token": tokens["refresh_token"]}, timeout=60)
    assert (gone.status_code, gone.json()["error"]) == (400, "invalid_token")
    assert google.grants.allowed(google.client, YUKI) == ()
