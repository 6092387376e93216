"""田中 由紀's mailbox: work in Japanese and English, mixed with private mail. Dates count back from the first start."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from crm_project.demo.mail import SENT, DemoMail, days_before, pdf, png
from crm_project.demo.people import AIKO, DIEGO, EMMA, JAMES, KATO, MORI, OMAR, PRIYA, SARAH, SATO, SUZUKI, YUKI

ME = YUKI.header


def meridian(now: datetime) -> Iterator[DemoMail]:
    """Work mail with a British customer, one part in HTML with a remote image."""
    ago = days_before(now)
    enquiry = DemoMail(
        ago(46.2), SARAH.header, [ME], "Fleet tracking for our UK depots",
        "Hello,\n\nwe run 240 vehicles from six depots and are looking for live tracking with driver privacy controls.\n"
        "Could you tell me what an installation in Leeds would involve?\n\nBest regards\nSarah Okafor\nVP Operations, Meridian Logistics",
    )  # fmt: skip
    answer = DemoMail(
        ago(45.9), ME, [SARAH.header], "Re: Fleet tracking for our UK depots",
        "Hi Sarah,\n\nthank you for writing. A depot of forty vehicles takes two days; nothing has to be off the road.\n"
        "I have attached an overview and would be glad to show you the driver view.\n\nBest,\nYuki",
        folder=SENT, reply_to=enquiry, files=[("overview.pdf", "application/pdf", pdf("Overview"))],
    )  # fmt: skip
    quote = DemoMail(
        ago(2.1), ME, [SARAH.header], "Revised quote for the 240-vehicle rollout",
        "Hi Sarah,\n\nplease find the revised quote attached. I have moved the installation fee into the monthly price as we "
        "discussed on Tuesday.\n\nBest,\nYuki",
        folder=SENT, files=[("quote-v3.pdf", "application/pdf", pdf("Quote v3"))],
    )  # fmt: skip
    accepted = DemoMail(
        ago(1.3), SARAH.header, [ME], "Re: Revised quote for the 240-vehicle rollout",
        "Thanks Yuki – the per-vehicle price works for us. Could you confirm that installation in Leeds is included, and send "
        "the order form by Thursday? I have copied finance so they can prepare the PO.\n\nSarah",
        cc=[OMAR.header], reply_to=quote,
    )  # fmt: skip
    po_number = DemoMail(
        ago(0.4), OMAR.header, [ME], "Re: Revised quote for the 240-vehicle rollout",
        "Hello Yuki,\n\nour PO number is MER-20817. Please put it on the invoice.\n\nOmar Haddad\nFinance",
        cc=[SARAH.header], reply_to=accepted,
        html="<p>Hello Yuki,</p><p>our PO number is <b>MER-20817</b>. Please put it on the invoice.</p>"
        '<p>Omar Haddad<br>Finance</p><p><img src="https://meridian.example/logo.png" width="120" alt="Meridian"></p>',
    )  # fmt: skip
    yield from (enquiry, answer, quote, accepted, po_number)


def kitahama(now: datetime) -> Iterator[DemoMail]:
    """Work mail with a Japanese customer, in the character sets its people use."""
    ago = days_before(now)
    request = DemoMail(
        ago(20.3), SATO.header, [ME], "御見積のお願い（温度センサー50台）",
        "ミナト計測器 田中様\n\nいつもお世話になっております。北浜精機の佐藤です。\n\n温度センサー①型 50台のお見積りをお願いできますでしょうか。\n"
        "納期は来月末を希望しております。\n\nよろしくお願いいたします。\n\n佐藤 健一\n北浜精機㈱ 購買部",
        charset="cp932", headers={"X-Mailer": "Becky! ver. 2.81"},
    )  # fmt: skip
    estimate = DemoMail(
        ago(19.8), ME, [SATO.header], "Re: 御見積のお願い（温度センサー50台）",
        "佐藤様\n\nお世話になっております。ミナト計測器の田中です。\n\nご依頼のお見積書を添付いたします。\n50台で単価 18,400円、納期は3週間を見込んでおります。\n\n"
        "ご不明な点がございましたらお知らせください。\n\n田中",
        folder=SENT, reply_to=request, files=[("御見積書_北浜精機様.pdf", "application/pdf", pdf("Estimate"))],
    )  # fmt: skip
    order = DemoMail(
        ago(6.5), SATO.header, [ME], "Re: 御見積のお願い（温度センサー50台）",
        "田中様\n\nお見積りありがとうございます。この内容で発注いたします。\n注文書は明日お送りいたします。\n\n佐藤",
        cc=[MORI.header], reply_to=estimate, charset="iso-2022-jp",
    )  # fmt: skip
    technical = DemoMail(
        ago(5.1), MORI.header, [ME], "校正証明書について",
        "田中様\n\n北浜精機 技術部の森です。\n先日発注したセンサーですが、校正証明書は1台ずつ発行いただけますか。\n\n森 美咲", charset="iso-2022-jp",
    )  # fmt: skip
    yield from (request, estimate, order, technical)
    yield DemoMail(
        ago(4.8), ME, [MORI.header], "Re: 校正証明書について",
        "森様\n\nはい、1台ごとに発行いたします。費用は見積りに含まれております。\n\n田中", folder=SENT, reply_to=technical,
    )  # fmt: skip


def visit_to_the_lab(now: datetime) -> tuple[DemoMail, ...]:
    """A conversation that James joins: its last two mails are in his mailbox as well."""
    ago = days_before(now)
    visit = DemoMail(
        ago(12.2), KATO.header, [ME], "研究室ご訪問の日程",
        "田中様\n\nあおぞら研究所の加藤です。\n来週の訪問ですが、水曜の14時はいかがでしょうか。実験室の見取り図を添付します。\n\n加藤 直樹",
        files=[("見取り図.png", "image/png", png(320, 180, (214, 226, 244)))],
    )  # fmt: skip
    answer = DemoMail(
        ago(11.9), ME, [KATO.header], "Re: 研究室ご訪問の日程",
        "加藤様\n\n水曜の14時に伺います。ジェームズも同行いたします。\n\n田中", folder=SENT, cc=[JAMES.header], reply_to=visit,
    )  # fmt: skip
    confirmed = DemoMail(
        ago(11.6), KATO.header, [ME], "Re: 研究室ご訪問の日程",
        "田中様、ジェームズ様\n\n承知いたしました。正面玄関でお待ちしております。\n\n加藤", cc=[JAMES.header], reply_to=answer,
    )  # fmt: skip
    return visit, answer, confirmed


def other_customers(now: datetime) -> Iterator[DemoMail]:
    ago = days_before(now)
    yield from visit_to_the_lab(now)
    yield DemoMail(
        ago(3.3), AIKO.header, [ME], "納品書の件",
        "田中様\n\n星フーズの山本です。\n本日分の納品書に日付の誤りがありましたので、再発行をお願いいたします。\n\n山本 愛子",
    )  # fmt: skip
    yield DemoMail(
        ago(30.4), DIEGO.header, [ME], "Sensor for the paint booth",
        "Dear Yuki,\n\nthe sensor in booth two reads four degrees too high since Monday. Is that covered by the warranty?\n\nDiego Vega",
    )  # fmt: skip
    yield DemoMail(
        ago(8.6), PRIYA.header, [ME], "API access for the pilot",
        "Hi Yuki,\n\ncould you switch on API access for our pilot account? Two keys are enough.\n\nPriya",
        html="<p>Hi Yuki,</p><p>could you switch on API access for our pilot account? Two keys are enough.</p><p>Priya</p>",
    )  # fmt: skip
    yield DemoMail(
        ago(9.7), SUZUKI.header, [ME], "翻訳の納品：取扱説明書 第2章",
        "田中さん\n\n第2章の翻訳を納品します。用語集も更新しました。\nご確認よろしくお願いします。\n\n鈴木",
        files=[("取扱説明書_第2章.csv", "text/csv", "原文,訳文\n電源,power supply\n".encode())],
    )  # fmt: skip


def private(now: datetime) -> Iterator[DemoMail]:
    """Private mail: it appears nowhere in the product. The mark in the subject is for the visitor who looks for it."""

    ago = days_before(now)
    mother, husband = ("田中 和子", "kazuko.tanaka@docomo.ne.jp"), ("田中 健", "ken.tanaka@icloud.com")
    clinic = ("さくら通りクリニック", "reserve@sakura-clinic.example")
    landlord, bank = ("Hillside Homes", "office@hillside-homes.example"), ("みなみ銀行", "info@minami-bank.example")
    dinner = DemoMail(
        ago(14.6),
        mother,
        [ME],
        "【私用】お正月の帰省について",
        "由紀へ\n\nお正月はいつ帰ってきますか。おじいちゃんの薬のことも相談したいです。\n\n母",
    )
    yield dinner
    yield DemoMail(
        ago(14.2),
        ME,
        [mother],
        "Re: 【私用】お正月の帰省について",
        "30日に帰るね。薬のことは電話で話そう。\n\n由紀",
        folder=SENT,
        reply_to=dinner,
    )
    yield DemoMail(ago(10.1), clinic, [ME], "【私用】検査結果のお知らせ", "田中 由紀 様\n\n先日の検査結果が出ました。再検査をおすすめいたします。ご予約はお電話でお願いいたします。",
                   files=[("検査結果.pdf", "application/pdf", pdf("Result"))])  # fmt: skip
    yield DemoMail(
        ago(7.7),
        bank,
        [ME],
        "【私用】住宅ローン審査の結果",
        "田中 由紀 様\n\n住宅ローンの仮審査の結果をお知らせいたします。お借入可能額は 32,000,000円です。",
    )
    yield DemoMail(
        ago(5.5), husband, [ME], "【私用】保育園の面談", "来週の面談、僕が行くよ。金曜でいい？", charset="iso-2022-jp"
    )
    yield DemoMail(ago(5.4), ME, [husband], "Re: 【私用】保育園の面談", "ありがとう、金曜でお願い。", folder=SENT)
    yield DemoMail(
        ago(2.9),
        landlord,
        [ME],
        "[Private] Your rent review",
        "Dear Ms Tanaka,\n\nyour rent review is due. Please call us about the new amount.",
    )
    yield DemoMail(ago(1.8), ("Old friend", "mika@oldfriends.example"), [ME], "[Private] Please keep this to yourself",
                   "Yuki, I have decided to leave my job. Please do not tell anyone yet.\n\nMika")  # fmt: skip
    yield DemoMail(ago(0.7), clinic, [ME], "【私用】再検査のご予約", "田中 由紀 様\n\n再検査のご予約を承りました。")


def colleagues(now: datetime) -> Iterator[DemoMail]:
    """Mail among colleagues: internal, never logged."""
    for week in range(1, 13):
        day = (now - timedelta(days=7 * week - 2.4)).replace(second=0, microsecond=0)
        yield DemoMail(
            day,
            EMMA.header,
            [ME, JAMES.header],
            f"Week {week}: pipeline review",
            "Monday 10:00 as usual. Please bring your numbers.\n\nEmma",
        )
        yield DemoMail(
            day + timedelta(hours=3),
            ME,
            [EMMA.header],
            f"Re: Week {week}: pipeline review",
            "I will be there.\n\nYuki",
            folder=SENT,
        )


def bulk(now: datetime) -> Iterator[DemoMail]:
    """Newsletters, receipts and notices: automatic mail."""
    shop, news = ("Kinoko Store", "no-reply@kinoko-store.example"), ("計測ニュース", "news@keisoku-news.example")
    for number in range(120):
        day = (now - timedelta(days=0.75 * number + 0.3)).replace(second=0, microsecond=0)
        if number % 3 == 0:
            yield DemoMail(day, news, [ME], f"計測ニュース 第{900 - number}号", "今週の話題：温度計測の新しい規格について。\n\n配信停止はこちら",
                           headers={"List-Id": "<news.keisoku-news.example>", "Precedence": "bulk"})  # fmt: skip
        elif number % 3 == 1:
            yield DemoMail(day, shop, [ME], f"[Private] Receipt for order {70000 + number}", "Thank you for your order. Your parcel is on its way.",
                           headers={"Auto-Submitted": "auto-generated"})  # fmt: skip
        else:
            yield DemoMail(day, ("Calendar", "calendar@minato.example"), [ME], "Reminder: stand-up at 09:30", "In 10 minutes.",
                           headers={"Auto-Submitted": "auto-generated"})  # fmt: skip


def strangers(now: datetime) -> Iterator[DemoMail]:
    """Work mail with people who are no contacts: skipped until somebody adds them."""
    for number in range(60):
        day = (now - timedelta(days=1.4 * number + 0.6)).replace(second=0, microsecond=0)
        sender = (f"Visitor {number + 1}", f"visitor{number + 1}@fair-{number % 7}.example")
        yield DemoMail(
            day,
            sender,
            [ME],
            f"Question from the trade fair ({number + 1})",
            "Hello, we met at your stand. Do you ship to the north?",
        )


def mailbox(now: datetime) -> Iterator[DemoMail]:
    for part in (meridian, kitahama, other_customers, private, colleagues, bulk, strangers):
        yield from part(now)
