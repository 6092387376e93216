"""Who is in the demo workspace and whom they write to."""

from dataclasses import dataclass

WORKSPACE = "Minato Instruments"
DOMAIN = "minato.example"
PASSWORD = "genkan-demo"  # noqa: S105 - a local demo, printed in the terminal
PRIVATE_MARKS = ("[Private]", "【私用】")


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    name: str
    language: str = "en"
    time_zone: str = "Europe/London"

    @property
    def header(self) -> tuple[str, str]:
        return self.name, self.email


@dataclass(frozen=True, slots=True)
class KnownContact:
    email: str
    name: str
    company: str
    reading: str = ""
    job_title: str = ""
    phone: str = ""
    other_addresses: tuple[str, ...] = ()

    @property
    def header(self) -> tuple[str, str]:
        return self.name, self.email


EMMA = Person("emma@minato.example", "Emma Wilson")
YUKI = Person("yuki@minato.example", "田中 由紀", "ja", "Asia/Tokyo")
JAMES = Person("james@minato.example", "James Park")
SUPPORT = Person("support@minato.example", "Support")
"""Nobody: the mailbox of the team."""

# Accounts that nobody has connected yet.
YUKI_GMAIL = Person("yuki.at.home@gmail.example", "田中 由紀", "ja", "Asia/Tokyo")
JAMES_OUTLOOK = Person("james.park@outlook.example", "James Park")
APPROVED_FIRST = Person("yuki@harbour-group.example", "田中 由紀", "ja", "Asia/Tokyo")
APPROVER = Person("admin@harbour-group.example", "Grace Adeyemi")
ORDERS = Person("orders@minato.example", "Orders")

SARAH = KnownContact(
    "sarah.okafor@meridian.example", "Sarah Okafor", "Meridian Logistics", "", "VP Operations", "+44 20 7946 0123"
)
OMAR = KnownContact("omar.haddad@meridian.example", "Omar Haddad", "Meridian Logistics", "", "Finance")
SATO = KnownContact(
    "sato@kitahama-seiki.example",
    "佐藤 健一",
    "北浜精機",
    "さとう けんいち",
    "購買部 課長",
    "06-5555-0142",
    ("kenichi.sato@kitahama-seiki.example",),
)
MORI = KnownContact("mori@kitahama-seiki.example", "森 美咲", "北浜精機", "もり みさき", "技術部")
KATO = KnownContact(
    "kato@aozora-lab.example", "加藤 直樹", "あおぞら研究所", "かとう なおき", "主任研究員", "075-555-0188"
)
LINA = KnownContact(
    "lina.berg@nordlys.example", "Lina Berg", "Nordlys AB", "", "Head of Procurement", "+46 8 555 012 34"
)
DIEGO = KnownContact("diego@talleresvega.example", "Diego Vega", "Talleres Vega", "", "Owner")
AIKO = KnownContact("aiko.yamamoto@hoshi-foods.example", "山本 愛子", "星フーズ", "やまもと あいこ", "品質管理")
PRIYA = KnownContact("priya@brightpath.example", "Priya Raman", "Brightpath", "", "Product lead")
TOM = KnownContact("tom.ellis@harbourfield.example", "Tom Ellis", "Harbourfield Council", "", "Facilities manager")
NGUYEN = KnownContact("linh.nguyen@songlam.example", "Nguyễn Thị Linh", "Sông Lam Precision", "", "Sales")
SUZUKI = KnownContact("suzuki.freelance@gmail.com", "鈴木 大輔", "", "すずき だいすけ", "フリーランス翻訳者")

CONTACTS = (SARAH, OMAR, SATO, MORI, KATO, LINA, DIEGO, AIKO, PRIYA, TOM, NGUYEN, SUZUKI)
