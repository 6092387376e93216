"""Mailboxes that nobody has connected yet: a visitor can, through the pages of the stand-ins for Google and Microsoft."""

from collections.abc import Iterator
from datetime import datetime

from crm_project.demo.mail import SENT, DemoMail, days_before, pdf
from crm_project.demo.people import APPROVED_FIRST, JAMES_OUTLOOK, NGUYEN, ORDERS, SATO, SUZUKI, TOM, YUKI_GMAIL


def yuki_at_home(now: datetime) -> Iterator[DemoMail]:
    """A private Gmail account to which one business contact writes as well."""
    ago, me = days_before(now), YUKI_GMAIL.header
    question = DemoMail(
        ago(6.4), SUZUKI.header, [me], "用語集について",
        "田中さん\n\n会社のアドレスに届かなかったので、こちらにお送りします。\n「校正」は calibration でよろしいでしょうか。\n\n鈴木",
    )  # fmt: skip
    yield question
    yield DemoMail(
        ago(6.2), me, [SUZUKI.header], "Re: 用語集について", "鈴木さん\n\nはい、calibration でお願いします。\n\n田中",
        folder=SENT, reply_to=question,
    )  # fmt: skip
    yield DemoMail(
        ago(9.3), ("ゆりかご保育園", "info@yurikago.example"), [me], "【私用】来月の行事予定",
        "保護者の皆様\n\n来月の行事予定をお送りします。", files=[("行事予定.pdf", "application/pdf", pdf("Events"))],
        labels=["保育園"],
    )  # fmt: skip
    yield DemoMail(
        ago(2.2), ("田中 健", "ken.tanaka@icloud.com"), [me], "【私用】週末の買い物", "牛乳と卵をお願い。あとは僕が買っておくね。",
    )  # fmt: skip


def yuki_as_adviser(now: datetime) -> Iterator[DemoMail]:
    """An account at an organisation whose administrator has to approve every application."""
    ago, me = days_before(now), APPROVED_FIRST.header
    yield DemoMail(
        ago(5.1), NGUYEN.header, [me], "Sensors for the harbour cranes",
        "Dear Ms Tanaka,\n\nthe sensors for the first two cranes are ready.\n\nLinh",
    )  # fmt: skip
    yield DemoMail(
        ago(1.9), ("Human resources", "hr@harbour-group.example"), [me], "[Private] Your contract as an adviser",
        "Dear Ms Tanaka,\n\nplease find your contract attached.",
    )  # fmt: skip


def james_at_home(now: datetime) -> Iterator[DemoMail]:
    ago, me = days_before(now), JAMES_OUTLOOK.header
    yield DemoMail(
        ago(3.4), TOM.header, [me], "Photos of the pool", "James, here are the photos you asked for.\n\nTom",
    )  # fmt: skip
    yield DemoMail(
        ago(2.4), ("Rowing club", "secretary@rowing.example"), [me], "[Private] The regatta", "We start at nine. Bring cake!",
    )  # fmt: skip


def orders(now: datetime) -> Iterator[DemoMail]:
    """A mailbox that is shared with Emma; nobody signs in to it."""
    ago, me = days_before(now), ORDERS.header
    yield DemoMail(
        ago(4.6), SATO.header, [me], "注文書の送付", "ご担当者様\n\n注文書をお送りいたします。\n\n佐藤", charset="iso-2022-jp",
        files=[("注文書.pdf", "application/pdf", pdf("Order"))],
    )  # fmt: skip
    yield DemoMail(ago(2.5), NGUYEN.header, [me], "Order 2081", "Dear all,\n\nplease confirm order 2081.\n\nLinh")
