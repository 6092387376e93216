"""`POST /$batch`: up to 20 requests in one, answered one by one and in no particular order."""

import json
import random
from base64 import b64encode
from collections import Counter
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any

from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from crm_project.demo.microsoft import graph
from crm_project.demo.microsoft.faults import SOCKET
from crm_project.demo.microsoft.refusals import GraphRefusal, bad_request, over_concurrency

if TYPE_CHECKING:
    from crm_project.demo.microsoft.app import MicrosoftApp

MOST_PARTS = 20
_FIELDS = {"id", "method", "url", "headers", "body", "dependsOn"}
_METHODS = {"GET", "POST", "PATCH", "PUT", "DELETE"}


def answer_batch(app: "MicrosoftApp", request: Request) -> dict[str, Any]:
    """Raises GraphRefusal when the batch itself is wrong; parts have answers of their own."""
    if request.method != "POST" or request.args:
        raise bad_request("A batch is posted, without query options.")
    parts = _parts(request.get_json(silent=True))
    answered: dict[str, int] = {}
    counts: Counter[str] = Counter()
    responses = []
    for part in parts:
        response = _answer(app, request, part, answered, counts)
        answered[part["id"]] = response.status_code
        responses.append(_written(part["id"], response))
    random.Random(len(responses)).shuffle(responses)
    return {"responses": responses}


def _parts(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, dict) or set(body) != {"requests"} or not isinstance(body["requests"], list):
        raise bad_request("Invalid batch payload format.")
    parts = body["requests"]
    if not 0 < len(parts) <= MOST_PARTS:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {MOST_PARTS}.")
    for part in parts:
        _check(part)
    ids = [part["id"] for part in parts]
    if len(set(ids)) < len(ids):
        raise bad_request("Duplicate request id in the batch.")
    return parts


def _check(part: Any) -> None:
    if not isinstance(part, dict) or not {"id", "method", "url"} <= set(part) <= _FIELDS:
        raise bad_request("Invalid batch payload format: a request has fields that are not documented, or too few.")
    if not all(isinstance(part[name], str) for name in ("id", "method", "url")) or part["method"] not in _METHODS:
        raise bad_request("Invalid batch payload format: id, method and url must be text.")
    if "://" in part["url"].partition("?")[0] or part["url"].lstrip("/").startswith("v1.0/"):
        raise bad_request("The url of a batch request must be relative to the version.")
    if part.get("body") is not None and "content-type" not in {name.lower() for name in part.get("headers", {})}:
        raise bad_request("Content-Type header must be specified when a body is given.")


def _answer(
    app: "MicrosoftApp", outer: Request, part: dict[str, Any], answered: dict[str, int], counts: Counter[str]
) -> Response:
    if any(answered.get(name, 0) >= HTTPStatus.BAD_REQUEST for name in part.get("dependsOn", ())):
        refusal = GraphRefusal(
            HTTPStatus.FAILED_DEPENDENCY, "FailedDependency", "A request this one depends on failed."
        )
        return _refused(refusal)
    inner = _request(outer, part)
    counts[_mailbox_name(inner.path)] += 1
    limit = app.world.faults.batch_parts
    if limit is not None and counts[_mailbox_name(inner.path)] > limit:
        return _refused(over_concurrency())
    return app.answer(inner, batched=True)


def _mailbox_name(path: str) -> str:
    first, _, rest = graph.segments(path).lower().partition("/")
    return first if first == "me" else rest.partition("/")[0]


def _request(outer: Request, part: dict[str, Any]) -> Request:
    """With the headers of the part alone; only the token is that of the batch."""
    path, _, query = part["url"].lstrip("/").partition("?")
    body = part.get("body")
    data = b"" if body is None else json.dumps(body).encode()
    headers = {**part.get("headers", {}), "Authorization": outer.headers.get("Authorization", "")}
    builder = EnvironBuilder(
        path=graph.ROOT + path, query_string=query, method=part["method"], headers=headers, input_stream=BytesIO(data)
    )
    return Request(builder.get_environ() | {SOCKET: outer.environ[SOCKET]})


def _refused(refusal: GraphRefusal) -> Response:
    response = Response(json.dumps(refusal.body()), refusal.status, content_type="application/json")
    response.headers.extend(refusal.headers)
    return response


def _written(part_id: str, response: Response) -> dict[str, Any]:
    data = response.get_data()
    body = json.loads(data) if response.is_json and data else b64encode(data).decode()
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    return {"id": part_id, "status": response.status_code, "headers": headers, **({"body": body} if data else {})}
