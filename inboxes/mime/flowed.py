"""`format=flowed` text (RFC 3676) as paragraphs again."""

import re

_QUOTES = re.compile(r">*")


def unflow(text: str, *, delsp: bool) -> str:
    """Join lines that end in a space with the next one of the same quote depth; undo space-stuffing.

    With `delsp` the space that marks the join goes too: Japanese is not written with spaces.
    """
    pieces: list[str] = []  # joined once: a paragraph that grows line by line is copied with each of them
    open_depth = -1  # quote depth of a paragraph that goes on, -1 if none does
    for line in text.split("\n"):
        depth = len(_QUOTES.match(line)[0])  # type: ignore[index]  # the pattern matches the empty string
        content = line[depth:].removesuffix("\r")
        content = content.removeprefix(" ")
        is_signature = content == "-- "
        flows = content.endswith(" ") and not is_signature
        if flows and delsp:
            content = content[:-1]
        if depth != open_depth or is_signature:
            pieces.append("\n" + (">" * depth + " " if depth else ""))
        pieces.append(content)
        open_depth = depth if flows else -1
    return "".join(pieces).removeprefix("\n")
