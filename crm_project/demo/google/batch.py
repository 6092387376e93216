"""Batches: many requests in one, answered in any order."""

import json
import random
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

from crm_project.demo.google import answers
from crm_project.demo.google.answers import Answer, Refused, Wire
from crm_project.demo.google.api import GmailApi, Incoming

MAX_PARTS = 100
BOUNDARY = "batch_stand-in-7f3a9c"


class Batch:
    def __init__(self, api: GmailApi) -> None:
        self._api = api
        self._random = random.Random(7)

    def answer(self, request: Incoming, under_way: ExitStack) -> Answer:
        """Raises `Refused` for what is no batch; what is wrong with a part is said in that part."""
        parts = list(_parts(request))
        if not 1 <= len(parts) <= MAX_PARTS:
            raise Refused(answers.invalid(f"The batch must have between 1 and {MAX_PARTS} calls.", reason="badRequest"))
        done = [(content_id, self._part(part, under_way)) for content_id, part in parts]
        for _content_id, answer in done:
            if answer.wire in {Wire.DROPPED, Wire.CUT}:
                return answer
        self._random.shuffle(done)
        body = b"".join(_written(*part) for part in done if part[1].wire is not Wire.MISSING)
        content_type = f"multipart/mixed; boundary={BOUNDARY}"
        delay = max(answer.delay for _content_id, answer in done)
        return Answer(200, body + f"--{BOUNDARY}--\r\n".encode(), content_type=content_type, delay=delay)

    def _part(self, part: Incoming | Answer, under_way: ExitStack) -> Answer:
        return part if isinstance(part, Answer) else self._api.answer(part, under_way)


def _parts(request: Incoming) -> Iterator[tuple[str, Incoming | Answer]]:
    head = f"Content-Type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=compat32).parsebytes(head + request.body)
    if message.get_content_type() != "multipart/mixed" or not message.is_multipart():
        raise Refused(answers.invalid("The batch is no multipart/mixed body.", reason="badRequest"))
    for part in message.walk():
        if not part.is_multipart():
            yield str(part.get("Content-ID", "")), _request_in(part, request)


def _request_in(part: "Message[str, str]", outer: Incoming) -> Incoming | Answer:
    content = part.get_payload(decode=True)
    if part.get_content_type() != "application/http" or not isinstance(content, bytes):
        return answers.invalid("A part is no application/http.", reason="badRequest")
    first, _, rest = content.lstrip().replace(b"\r\n", b"\n").partition(b"\n")
    words = first.decode("latin-1").split(" ")
    target = urlsplit(words[1]) if len(words) > 1 else urlsplit("")
    if len(words) not in {2, 3} or target.scheme or not target.path.startswith("/gmail/v1/"):
        return answers.invalid("A part must name a path of the Gmail API.", reason="badRequest")
    head, _, body = rest.partition(b"\n\n")
    own = {
        name.lower(): value for name, value in BytesParser(policy=compat32).parsebytes(head, headersonly=True).items()
    }
    inherited = {"authorization": outer.headers.get("authorization", "")}
    query = parse_qsl(target.query, keep_blank_values=True)
    return Incoming(words[0], target.path, query, inherited | own, body, in_batch=True)


def _written(content_id: str, answer: Answer) -> bytes:
    payload = json.dumps(answer.body).encode() if isinstance(answer.body, dict) else answer.payload()
    own_id = f"Content-ID: <response-{content_id.removeprefix('<')}\r\n" if content_id else ""
    lines = [
        f"--{BOUNDARY}\r\nContent-Type: application/http\r\n{own_id}",
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        f"Content-Type: {answer.content_type}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
        f"Content-Length: {len(payload)}\r\n\r\n",
    ]
    return "\r\n".join(lines).encode() + payload + b"\r\n"
