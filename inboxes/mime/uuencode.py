"""Files written into plain text between `begin` and `end`, as programs did before MIME."""

import binascii
import re

_FILE = re.compile(r"^begin [0-7]{3,4} ([^\n]{1,255})\n((?:[ -`]{1,90}\n)+)end[ \t]*$", re.MULTILINE)


def extract_files(text: str) -> tuple[str, list[tuple[str, bytes]]]:
    """The text without its uuencoded files, and these as (name, content). What does not decode stays in the text."""
    if "\nend" not in text or (not text.startswith("begin ") and "\nbegin " not in text):
        return text, []
    files: list[tuple[str, bytes]] = []

    def take(match: re.Match[str]) -> str:
        try:
            content = b"".join(binascii.a2b_uu(line) for line in match[2].encode("ascii").splitlines())
        except (binascii.Error, ValueError):
            return match[0]
        files.append((match[1].strip(), content))
        return ""

    return _FILE.sub(take, text), files
