import pytest
from google.auth.transport.requests import Request
from google_auth_oauthlib.flow import Flow

from crm_project.demo.google.state import READ_SCOPE
from tests.demo.google_client import YUKI
from tests.fakes.google import consent

REDIRECT = "http://localhost:8000/inboxes/oauth/google/callback"


@pytest.fixture(autouse=True)
def registered(google, monkeypatch):
    google.client.redirect_uris.append(REDIRECT)
    google.mailbox(YUKI, name="Yuki")
    google.mailbox("private@gmail.example")
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def flow_of(fake, scopes=(READ_SCOPE,), **changes):
    config = {
        "client_id": fake.client.id,
        "client_secret": fake.client.secret,
        "auth_uri": fake.environment()["GOOGLE_AUTHORIZE_URL"],
        "token_uri": fake.environment()["GOOGLE_TOKEN_URL"],
    }
    return Flow.from_client_config({"web": config | changes}, scopes=list(scopes), redirect_uri=REDIRECT)


def test_a_person_allows_and_the_library_gets_tokens(google):
    flow = flow_of(google)
    url, _state = flow.authorization_url(access_type="offline", prompt="consent")
    flow.fetch_token(authorization_response=consent(url, YUKI))
    held = flow.credentials
    assert held.refresh_token
    assert held.granted_scopes == [READ_SCOPE]
    held.refresh(Request())
    assert google.grants.valid_access_token(held.token).address == YUKI
