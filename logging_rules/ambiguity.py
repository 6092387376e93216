"""Mail that the settings would log but that may be private all the same: told by its headers, for the owner to decide.

Pure: no Django, no I/O.
"""

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum

from inboxes.addresses import FREE_MAIL_DOMAINS
from inboxes.envelope import Envelope
from logging_rules.facts import Facts


class Ambiguity(StrEnum):
    """Why a mail is held; stored, and never renamed."""

    SENSITIVE_SUBJECT = "sensitive_subject"
    PRIVATE_SENDER = "private_sender"
    MIXED_PARTICIPANTS = "mixed_participants"


SENSITIVE_WORDS = (
    "salary", "payslip", "bonus", "severance", "resignation", "termination", "dismissal", "warning letter", "maternity",
    "medical", "diagnosis", "sick leave", "therapy", "lawyer", "divorce", "lawsuit", "settlement", "password", "passcode",
    "verification code", "credit card", "bank account", "tax return",
    "給与", "給料", "賞与", "年収", "退職", "解雇", "内示", "懲戒", "人事評価", "休職", "産休", "育休", "診断", "検査結果", "通院",
    "病気", "弁護士", "離婚", "訴訟", "示談", "パスワード", "暗証番号", "認証コード", "クレジットカード", "口座番号", "確定申告",
    "マイナンバー",
)  # fmt: skip
"""What a new workspace begins with."""


def sensitive_pattern(words: Iterable[str]) -> re.Pattern[str] | None:
    """Latin words match as whole words, others anywhere; width and case do not matter."""
    parts = [_part(folded) for word in words if (folded := _folded(word))]
    return re.compile("|".join(parts)) if parts else None


def _part(word: str) -> str:
    return rf"(?<![a-z]){re.escape(word)}(?![a-z])" if word.isascii() else re.escape(word)


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def ambiguity_of(envelope: Envelope, facts: Facts) -> Ambiguity | None:
    """The first reason to ask the owner, if there is one. Asked only of mail that would be logged."""
    if facts.sensitive is not None and facts.sensitive.search(_folded(envelope.subject)):
        return Ambiguity.SENSITIVE_SUBJECT
    author = next(iter(envelope.from_), None)
    if author and author.domain in FREE_MAIL_DOMAINS and author.email in facts.contacts:
        return Ambiguity.PRIVATE_SENDER
    people = {address.email for address in envelope.participants} - facts.own
    colleagues = people & facts.colleagues
    return Ambiguity.MIXED_PARTICIPANTS if colleagues and people - colleagues else None
