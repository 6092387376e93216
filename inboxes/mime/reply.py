"""What is new in a reply, apart from what it quotes."""

import re
from functools import cache

from mailparser_reply.parser import EmailMessage

# Where the library's expressions stop being quick; our own below read line by line at any length.
_LIBRARY_MAX_TEXT = 20_000
_LIBRARY_MAX_LINE = 300
_LIBRARY_MAX_LINES = 6
_LANGUAGES = ["en", "ja", "de", "fr", "es", "it", "nl", "pl", "pt", "sv", "da", "ko", "cs"]

_DATE = r"(?:\d{4}[年/.-]\s?\d{1,2}[月/.-]\s?\d{1,2}日?)"
_ATTRIBUTION = re.compile(
    rf"""\s*(?:
        \(?{_DATE}[^\n]{{0,200}}(?:<[^<>\n]{{1,200}}>|のメール|書きました|wrote)[^\n]{{0,40}}[:：]      # Gmail, iPhone, Thunderbird
      | On\ [^\n]{{5,250}}\ wrote[:：]
      | (?:At|In)\ [^\n]{{5,250}}\ wrote[:：]
      | [^\n]{{1,150}}(?:さん|様|氏)(?:は|が)[^\n]{{0,60}}(?:書きました|書いた|wrote)[^\n]{{0,10}}[:：]
      | (?:Am|Le|El|Il|Op)\ [^\n]{{5,250}}\ (?:schrieb|a\ écrit|escribió|ha\ scritto|schreef)[^\n]{{0,100}}[:：]
    )\s*""",
    re.VERBOSE,
).fullmatch
_DIVIDER = re.compile(
    r"""\s*(?:
        -{2,}\s*(?:Original\ (?:Message|Appointment)|元の(?:メッセージ|メール)|オリジナルメッセージ
          |Ursprüngliche\ Nachricht|Message\ d'origine)\s*-{2,}
      | -{3,}\s*(?:Reply\ to\ this|Please\ reply\ above|この行より上)[^\n]{0,80}
    )\s*""",
    re.VERBOSE | re.IGNORECASE,
).fullmatch
_FORWARDED = re.compile(
    r"""-{3,}\s*(?:Forwarded\ message|転送メッセージ|転送されたメッセージ|Weitergeleitete\ Nachricht|Message\ transféré)\s*-{3,}
      | Begin\ forwarded\ message:""",
    re.VERBOSE | re.IGNORECASE,
)
_RULE = re.compile(r"\s*[_-]{20,}\s*").fullmatch
_FROM = re.compile(r"[\s*]*(?:From|差出人|送信者|Von|De|Da|Van)\s?[:：][\s*]*\S[^\n]*").fullmatch
_MORE_FIELDS = re.compile(
    r"[\s*]*(?:Sent|Date|To|Subject|Cc|送信日時|日時|日付|宛先|件名|送信先|ＣＣ|CC|Gesendet|An|Betreff|Envoyé|À|Objet|Enviado|Para|Asunto"
    r"|Inviato|A|Oggetto|Verzonden|Aan|Onderwerp)\s?[:：]"
).match
_MAX_ATTRIBUTION_LINES = 3

_INVISIBLE = re.compile(r"[\u00ad\u034f\u200b-\u200f\u2060-\u2064\ufeff]+")


def split_reply(text: str) -> tuple[str, str]:
    """(new, quoted): `quoted` begins with the line that introduces it.

    An answer written below or between the quotes is left whole, and so is a mail that is all quote, as a forward is: nothing
    that was written for the reader goes into the fold.
    """
    lines = text.split("\n")
    start = _start_of_quote(lines)
    if start < len(lines):
        start = _library_start(text, lines[:start])
    new = "\n".join(lines[:start]).rstrip()
    return (new, "\n".join(lines[start:]).strip("\n")) if new.strip() and start < len(lines) else (text, "")


def snippet(text: str, length: int = 160) -> str:
    """The first words of what is new, in one line, at most `length` characters."""
    return first_words(split_reply(text[:20_000])[0], length)


def first_words(text: str, length: int = 160) -> str:
    """As `snippet`, of text that is known to be new."""
    words = " ".join(text[: length * 10].split())
    if not words.isprintable() or "\u034f" in words:
        words = " ".join(_INVISIBLE.sub("", words).split())
    if len(words) <= length:
        return words
    cut = words[: length - 1]
    # A word is not cut unless it is very long, or of a script without spaces.
    whole = cut.rpartition(" ")[0]
    return (whole if len(whole) > length * 3 // 4 else cut).rstrip() + "…"


def _start_of_quote(lines: list[str]) -> int:
    """The number of the line where everything that follows is quoted, `len(lines)` if there is none."""
    last = _last_own_line(lines)
    # Most lines begin nothing: what could is looked at closely.
    ends_in_colon = [line.rstrip().endswith((":", "：")) for line in lines]
    may_attribute = {
        end - back for end, ends in enumerate(ends_in_colon) if ends for back in range(_MAX_ATTRIBUTION_LINES)
    }
    for number, line in enumerate(lines):
        if ("-" in line or ends_in_colon[number]) and _FORWARDED.match(line):
            return len(lines)
        if ("-" in line and _DIVIDER(line)) or ((":" in line or "：" in line) and _is_header_block(lines, number)):
            return number - 1 if number and _RULE(lines[number - 1]) else number
        if number in may_attribute:
            size = _attribution_size(lines, number)
            if size and last < number + size:
                return number
        if number > last and line.startswith((">", "＞")):
            return number
    return len(lines)


def _last_own_line(lines: list[str]) -> int:
    """The last line before the quotes the text ends with; -1 if all of it is quoted."""
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].strip() and not lines[number].startswith((">", "＞")):
            return number
    return -1


def _attribution_size(lines: list[str], number: int) -> int:
    """How many lines from here say `so-and-so wrote:`; programs break this sentence where it pleases them. 0 if none do."""
    sentence = ""
    for size, line in enumerate(lines[number : number + _MAX_ATTRIBUTION_LINES], 1):
        if not line.strip():
            return 0
        sentence = f"{sentence} {line.strip()}"
        if len(sentence) > 500:
            return 0
        if line.rstrip().endswith((":", "：")):
            return size if _ATTRIBUTION(sentence) else 0
    return 0


def _is_header_block(lines: list[str], number: int) -> bool:
    """Outlook writes the header of what it quotes: From, and at least two more fields in the lines that follow."""
    if not _FROM(lines[number][:1000]):
        return False
    return sum(1 for line in lines[number + 1 : number + 7] if _MORE_FIELDS(line)) >= 2


def _library_start(text: str, lines: list[str]) -> int:
    """Only what stands right before the quotes can introduce them, so the library sees the last lines only."""
    first = max(0, _last_own_line(lines) + 1 - _LIBRARY_MAX_LINES)
    if len(text) > _LIBRARY_MAX_TEXT or any(len(line) > _LIBRARY_MAX_LINE for line in lines[first:]):
        return len(lines)
    own = "\n".join(lines[first:])
    found = _library_headers().search(own)
    if found is None:
        return len(lines)
    number = first + own.count("\n", 0, found.start()) + (1 if own[found.start()] == "\n" else 0)
    follows = lines[number + found[0].strip("\n").count("\n") + 1 :]
    return number if all(not line.strip() or line.startswith((">", "＞")) for line in follows) else len(lines)


@cache
def _library_headers() -> re.Pattern[str]:
    pattern: re.Pattern[str] = EmailMessage(text="", languages=list(_LANGUAGES)).HEADER_REGEX
    return pattern
