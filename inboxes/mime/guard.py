"""Parsing that cannot harm the worker: large or hostile-looking mail is read in a process of its own, with limits.

`subprocess`, not `multiprocessing`: a Celery worker process may not have the latter's children. The child gets the bytes on
stdin, and of our environment only what Python needs to start: no key, no password is in the reach of what it reads.
"""

import json
import os
import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from inboxes.mime import headers
from inboxes.mime import parse as parsing
from inboxes.mime.parse import DEFAULT, Attachment, Defect, Limits, ParsedMessage, ParseState

PROJECT = Path(__file__).resolve().parents[2]
_HARMLESS = 20_000  # bytes; not even a bomb takes long that is smaller
_MANY_PARAMETERS = 1_000  # of one field; the standard library takes quadratic time for them
_WITH_PARAMETERS = re.compile(
    rb"(?:\A|[\r\n])content-(?:type|disposition)[ \t]*+:[^\r\n]*+(?:[\r\n]++[ \t][^\r\n]*+)*+", re.IGNORECASE
)
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the child may use before it is killed."""

    memory: int = 512 * 1024 * 1024  # bytes of address space
    seconds: float = 20  # of a processor; of the clock it may be three times as many, for the machine may be busy


def parse(raw: bytes, *, limits: Limits = DEFAULT, bounds: Bounds = Bounds()) -> ParsedMessage:
    """As `parse.parse`, and neither the memory nor the time of this process is at the sender's mercy. Never raises.

    If the child has to be killed, or cannot be started, the record has the headers and says `parser_killed`.
    """
    return _parse_apart(raw, limits, bounds) if looks_hostile(raw) else parsing.parse(raw, limits=limits)


def looks_hostile(raw: bytes) -> bool:
    """Whether parsing could be costly: great size, many parts, deep nesting, endless headers or parameters. Scans bytes only."""
    if len(raw) < _HARMLESS:
        return False
    return (
        len(raw) > 10_000_000
        or len(headers.split(raw[: headers.MAX_BLOCK + 1])[0]) > headers.MAX_BLOCK
        or raw.count(b"\n--") > 2_000
        or raw.count(b"boundary") > 60
        or raw.count(b"message/rfc822") > 20
        or (
            raw.count(b";") > _MANY_PARAMETERS
            and any(field.count(b";") > _MANY_PARAMETERS for field in _WITH_PARAMETERS.findall(raw))
        )
    )


def harmless_environment() -> dict[str, str]:
    """What a process that reads mail may know of ours."""
    return {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}


def _parse_apart(raw: bytes, limits: Limits, bounds: Bounds) -> ParsedMessage:
    arguments = json.dumps([limits.depth, limits.parts, limits.text, bounds.memory, bounds.seconds])
    try:
        child = subprocess.run(
            [sys.executable, "-s", "-m", __name__, arguments],
            input=raw,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback could quote the mail
            cwd=PROJECT,
            env=harmless_environment(),
            timeout=3 * bounds.seconds,
            check=True,
        )
        return _load(child.stdout, parsing.headers_only(raw, Defect.PARSER_KILLED).headers)
    except (subprocess.SubprocessError, OSError, ValueError, KeyError, TypeError):
        return parsing.headers_only(raw, Defect.PARSER_KILLED)


def _main() -> None:
    depth, parts, text, memory, seconds = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _dump(parsing.parse(sys.stdin.buffer.read(), limits=Limits(depth, parts, text)))


def _dump(message: ParsedMessage) -> None:
    """A line of JSON, then the contents of the files one after the other. Never pickle: the child may have been taken over."""
    record = {
        "state": message.state,
        "text": message.text,
        "html": message.html,
        "defects": message.defects,
        "is_encrypted": message.is_encrypted,
        "is_signed": message.is_signed,
        "reported_message_ids": message.reported_message_ids,
        "attachments": [
            [file.filename, file.content_type, file.size, file.content_id, file.is_inline]
            for file in message.attachments
        ],
    }
    sys.stdout.buffer.write(json.dumps(record).encode() + b"\n")
    for file in message.attachments:
        sys.stdout.buffer.write(file.content)
    sys.stdout.buffer.flush()


def _load(answer: bytes, fields: headers.Headers) -> ParsedMessage:
    position = answer.index(b"\n") + 1
    record = json.loads(answer[:position])
    attachments = []
    for filename, content_type, size, content_id, is_inline in record["attachments"]:
        content = answer[position : position + size]
        if len(content) != size:
            raise ValueError("answer cut short")
        attachments.append(Attachment(filename, content_type, content, content_id, is_inline))
        position += size
    return ParsedMessage(
        state=ParseState(record["state"]),
        headers=fields,
        text=record["text"],
        html=record["html"],
        attachments=tuple(attachments),
        defects=tuple(record["defects"]),
        is_encrypted=record["is_encrypted"],
        is_signed=record["is_signed"],
        reported_message_ids=tuple(record["reported_message_ids"]),
    )


if __name__ == "__main__":
    _main()
