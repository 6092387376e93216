"""The real client libraries, pointed at the stand-in."""

from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import msal
import requests

from tests.fakes.microsoft import FakeMicrosoft

CALLBACK = "http://127.0.0.1:8000/inboxes/oauth/microsoft"
READ = ["User.Read", "Mail.Read"]
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


class Loopback(requests.Session):
    """msal refuses authorities that are not https; the stand-in is not."""

    def request(self, method: Any, url: Any, *args: Any, **options: Any) -> requests.Response:
        options.setdefault("timeout", 60)
        return super().request(method, str(url).replace("https://127.0.0.1", "http://127.0.0.1"), *args, **options)


def application(
    microsoft: FakeMicrosoft, *, secret: str = "", authority: str = "common"
) -> msal.ConfidentialClientApplication:
    environment = microsoft.environment()
    return msal.ConfidentialClientApplication(
        environment["MICROSOFT_CLIENT_ID"],
        client_credential=secret or environment["MICROSOFT_CLIENT_SECRET"],
        authority=f"{microsoft.url.replace('http:', 'https:')}/{authority}",
        instance_discovery=False,
        http_client=Loopback(),
    )


class Graph:
    """Requests with a token, as the provider makes them."""

    def __init__(self, microsoft: FakeMicrosoft, address: str, scopes: Sequence[str] = READ) -> None:
        self.root = f"{microsoft.url}/v1.0"
        self.grant = microsoft.grant(address, scopes)
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {self.grant['access_token']}"

    def get(self, path: str, headers: Mapping[str, str] = IMMUTABLE, **query: str) -> requests.Response:
        url = path if path.startswith("http") else f"{self.root}/{path}"
        return self.session.get(url, params=query or None, headers=dict(headers), timeout=60)

    def rows(self, path: str, headers: Mapping[str, str] = IMMUTABLE, **query: str) -> list[dict[str, Any]]:
        answer = self.get(path, headers, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()["value"]

    def round(
        self, link: str, headers: Mapping[str, str] = IMMUTABLE, **query: str
    ) -> tuple[list[list[dict[str, Any]]], str]:
        """The pages of a delta round, and its deltaLink."""
        pages = []
        while True:
            answer = self.get(link, headers, **query)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            pages.append(page["value"])
            if "@odata.deltaLink" in page:
                return pages, page["@odata.deltaLink"]
            link, query = page["@odata.nextLink"], {}

    def batch(self, requests_: list[dict[str, Any]]) -> requests.Response:
        return self.session.post(f"{self.root}/$batch", json={"requests": requests_}, timeout=60)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.session.post(f"{self.root}/{path}", json=body, timeout=60)

    def close(self) -> None:
        self.session.close()


def mail(
    subject: str = "Hello",
    *,
    sender: str = "Sarah Chen <Sarah@Acme.example>",
    to: str = "Yuki <yuki@minato.example>",
    body: str = "Hello there.\n",
    html: str = "",
    **headers: str,
) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = to
    message["Subject"] = subject
    message["Date"] = "Tue, 01 Jul 2025 10:00:00 +0900"
    message["Message-ID"] = f"<{abs(hash(subject))}@acme.example>"
    for name, value in headers.items():
        del message[name.replace("_", "-")]
        message[name.replace("_", "-")] = value
    message.set_content(body)
    if html:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]
