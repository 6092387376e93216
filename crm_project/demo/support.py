"""The mailbox that Emma, Yuki and James answer together: customers who are contacts, people nobody knows yet, a newsletter and spam."""

from collections.abc import Iterator
from datetime import datetime

from crm_project.demo.mail import SENT, DemoMail, Mailbox, days_before, pdf, png
from crm_project.demo.people import AIKO, DIEGO, KATO, LINA, MORI, OMAR, PRIYA, SARAH, SATO, SUPPORT, TOM

ME: Mailbox = ("Minato Support", SUPPORT.email)
JUNK = "Junk"


def customers(now: datetime) -> Iterator[DemoMail]:
    """People who are contacts: what they write is on their timelines as well."""
    ago = days_before(now)
    offline = DemoMail(
        ago(6.2), SARAH.header, [ME], "Two trackers in Leeds went offline",
        "Hello,\n\nsince Monday morning vehicles 117 and 142 have not reported a position. Both were fine on Sunday.\n"
        "Is there anything the drivers can check themselves?\n\nSarah Okafor\nMeridian Logistics",
    )  # fmt: skip
    check = DemoMail(
        ago(6.0), ME, [SARAH.header], "Re: Two trackers in Leeds went offline",
        "Hello Sarah,\n\nboth units lost power at the same time, which points to the fuse behind the dashboard. The attached "
        "page shows where it is.\n\nJames\nMinato Support",
        folder=SENT, reply_to=offline, files=[("fuse.pdf", "application/pdf", pdf("Where the fuse is"))],
    )  # fmt: skip
    yield from (offline, check)
    yield DemoMail(
        ago(5.7), SARAH.header, [ME], "Re: Two trackers in Leeds went offline",
        "That was it: the fuse. Both are back. Thank you for the quick help!\n\nSarah", reply_to=check,
    )  # fmt: skip
    drift = DemoMail(
        ago(4.4), MORI.header, [ME], "温度センサーの表示値のずれについて",
        "サポートご担当者様\n\nお世話になっております。北浜精機の森です。\n\n先月納品いただいた温度センサーのうち2台で、表示が約1.5度高く出ております。\n"
        "校正の手順を教えていただけますでしょうか。\n\nよろしくお願いいたします。\n\n森 美咲",
        charset="iso-2022-jp", files=[("表示値.png", "image/png", png(64, 48, (70, 110, 190)))],
    )  # fmt: skip
    yield drift
    yield DemoMail(
        ago(4.1), ME, [MORI.header], "Re: 温度センサーの表示値のずれについて",
        "森様\n\nお世話になっております。ミナト計測器サポートの田中です。\n\nご不便をおかけしております。本体裏面のスイッチを3秒押すと、基準値に戻ります。\n"
        "それでも直らない場合は、交換品をお送りします。\n\n田中",
        folder=SENT, reply_to=drift,
    )  # fmt: skip
    yield DemoMail(
        ago(2.6), SATO.header, [ME], "請求書の宛名変更のお願い",
        "ご担当者様\n\nお世話になっております。北浜精機の佐藤です。\n\n来月分より、請求書の宛名を「北浜精機株式会社 経理部」としていただけますでしょうか。\n\n佐藤",
    )  # fmt: skip
    yield DemoMail(
        ago(1.8), LINA.header, [ME], "Firmware 4.2 on the harbour units",
        "Hi,\n\nwe would like to update all 36 harbour units during the night of the 12th. Is there anything to prepare?\n\n"
        "Lina Berg\nNordlys AB",
    )  # fmt: skip
    yield DemoMail(
        ago(0.9), KATO.header, [ME], "校正証明書の再発行について",
        "サポート御中\n\nあおぞら研究所の加藤です。\n\n昨年度分の校正証明書を紛失してしまいました。再発行をお願いできますか。\n\n加藤 直樹",
    )  # fmt: skip
    yield DemoMail(
        ago(0.3), DIEGO.header, [ME], "The display shows E-07",
        "Hello,\n\nthe unit in our test bench shows E-07 since this morning. What does it mean?\n\nDiego\nTalleres Vega",
    )  # fmt: skip


def further_customers(now: datetime) -> Iterator[DemoMail]:
    ago = days_before(now)
    export = DemoMail(
        ago(12.5), PRIYA.header, [ME], "Can readings be exported every hour?",
        "Hi,\n\nwe export readings once a day. Is an hourly export possible, as CSV?\n\nPriya Raman",
    )  # fmt: skip
    yield export
    yield DemoMail(
        ago(12.1), ME, [PRIYA.header], "Re: Can readings be exported every hour?",
        "Hi Priya,\n\nyes: under Settings, Exports, choose “every hour”. The first file arrives at the full hour.\n\n"
        "Emma\nMinato Support",
        folder=SENT, reply_to=export,
    )  # fmt: skip
    yield DemoMail(
        ago(9.2), AIKO.header, [ME], "アラーム設定の上限について",
        "お世話になっております。星フーズの山本です。\n\n冷蔵庫ごとにアラームを設定したいのですが、1台あたり何件まで登録できますか。\n\n山本",
    )  # fmt: skip
    yield DemoMail(
        ago(7.5), TOM.header, [ME], "Spare probes for the pool sensors",
        "Dear Minato team,\n\ncould you send us a quote for six spare probes?\n\nTom Ellis", cc=[OMAR.header],
    )  # fmt: skip


def strangers(now: datetime) -> Iterator[DemoMail]:
    """People who are no contacts: members read what they write, and nobody else does."""
    ago = days_before(now)
    student = ("Hannah Weiss", "hannah.weiss@uni-aurach.example")
    yield DemoMail(
        ago(10.3), student, [ME], "A question about your sensors for my thesis",
        "Dear Minato team,\n\nI am writing my thesis about measuring river temperatures. Could I borrow two sensors in May?\n\n"
        "Kind regards\nHannah Weiss",
    )  # fmt: skip
    trader = ("高田 翔", "takada@midori-trading.example")
    price = DemoMail(
        ago(3.3), trader, [ME], "製品カタログと価格表のご送付のお願い",
        "突然のご連絡失礼いたします。緑商事の高田と申します。\n\n貴社の湿度センサーの取り扱いを検討しております。カタログと価格表をお送りいただけますか。\n\n高田 翔",
    )  # fmt: skip
    yield price
    yield DemoMail(
        ago(3.0), ME, [trader], "Re: 製品カタログと価格表のご送付のお願い",
        "高田様\n\nお問い合わせありがとうございます。ミナト計測器サポートの田中です。\n\nカタログを添付いたします。価格は担当者よりご連絡いたします。\n\n田中",
        folder=SENT, reply_to=price, files=[("catalogue.pdf", "application/pdf", pdf("Catalogue"))],
    )  # fmt: skip
    yield DemoMail(
        ago(0.6), ("Marek Novák", "marek.novak@dilna-novak.example"), [ME], "Is the TX-40 waterproof?",
        "Good day,\n\nI would like to use the TX-40 outdoors. Is it protected against rain?\n\nMarek Novák",
    )  # fmt: skip


def filtered(now: datetime) -> Iterator[DemoMail]:
    """What is kept out of the list: automatic mail, and what the mail server took for spam."""
    ago = days_before(now)
    yield DemoMail(
        ago(2.0), ("Measuring Today", "news@measuring-today.example"), [ME], "Measuring Today: ten sensors of the year",
        "This month: ten sensors of the year, and a visit to a calibration laboratory.",
        headers={
            "List-Id": "<news.measuring-today.example>",
            "List-Unsubscribe": "<https://measuring-today.example/unsubscribe>",
            "Precedence": "bulk",
        },
    )  # fmt: skip
    yield DemoMail(
        ago(1.1), ("Prize department", "winner@lucky-draw.example"), [ME], "You have won a holiday for two",
        "Congratulations! Send us your bank details and your holiday for two is yours.", folder=JUNK,
    )  # fmt: skip


def mailbox(now: datetime) -> Iterator[DemoMail]:
    for part in (customers, further_customers, strangers, filtered):
        yield from part(now)
