"""Addresses and what is found for them, with DNS answered by the test."""

from dataclasses import dataclass, field

import pytest

from inboxes.causes import HINTS
from inboxes.discovery import Server, Source, discover
from inboxes.discovery.dns import DnsResolver, Service
from inboxes.discovery.presets import PRESETS
from inboxes.providers.network import Security


@dataclass
class Zone:
    """DNS of the test; remembers what was asked."""

    mail: dict[str, list[str]] = field(default_factory=dict)
    srv: dict[str, list[Service]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def mail_hosts(self, domain: str) -> list[str]:
        self.asked.append(domain)
        return self.mail.get(domain, [])

    def services(self, name: str) -> list[Service]:
        self.asked.append(name)
        return self.srv.get(name, [])


@pytest.mark.parametrize(
    ("address", "provider", "imap", "smtp", "username"),
    [
        ("haruka@gmail.com", "Gmail", "imap.gmail.com:993", "smtp.gmail.com:465", "haruka@gmail.com"),
        ("a@yahoo.co.jp", "Yahoo! JAPAN", "imap.mail.yahoo.co.jp:993", "smtp.mail.yahoo.co.jp:465", "a"),
        ("a@yahoo.co.uk", "Yahoo", "imap.mail.yahoo.com:993", "smtp.mail.yahoo.com:465", "a@yahoo.co.uk"),
        ("a@outlook.jp", "Outlook.com", "outlook.office365.com:993", "smtp-mail.outlook.com:587", "a@outlook.jp"),
        ("a@icloud.com", "iCloud", "imap.mail.me.com:993", "smtp.mail.me.com:587", "a"),
        ("a@docomo.ne.jp", "ドコモメール", "imap.spmode.ne.jp:993", "smtp.spmode.ne.jp:465", ""),
        (
            "a@shop.sakura.ne.jp",
            "さくらインターネット",
            "shop.sakura.ne.jp:993",
            "shop.sakura.ne.jp:587",
            "a@shop.sakura.ne.jp",
        ),
        ("a@zoho.jp", "Zoho", "imap.zoho.jp:993", "smtp.zoho.jp:465", "a@zoho.jp"),
        ("a@126.com", "NetEase", "imap.126.com:993", "smtp.126.com:465", "a@126.com"),
    ],
)
def test_known_providers_are_found_without_asking_dns(address, provider, imap, smtp, username):
    zone = Zone()
    found = discover(address, resolver=zone)
    assert found is not None
    assert (found.provider, found.imap_username) == (provider, username)
    assert f"{found.imap.host}:{found.imap.port}" == imap
    assert found.smtp is not None
    assert f"{found.smtp.host}:{found.smtp.port}" == smtp
    assert (found.source, found.needs_confirmation, zone.asked) == (Source.PRESET, False, [])


def test_icloud_takes_the_whole_address_for_sending_only():
    found = discover("haruka@icloud.com", resolver=Zone())
    assert found is not None
    assert (found.imap_username, found.smtp_username) == ("haruka", "haruka@icloud.com")


@pytest.mark.parametrize(
    ("mail_host", "provider", "imap_host"),
    [
        ("aspmx.l.google.com", "Gmail", "imap.gmail.com"),
        ("crm-example.mail.protection.outlook.com", "Microsoft 365", "outlook.office365.com"),
        ("in1-smtp.messagingengine.com", "Fastmail", "imap.fastmail.com"),
        ("sv123.xserver.jp", "エックスサーバー", "sv123.xserver.jp"),
        ("example.sakura.ne.jp", "さくらインターネット", "example.sakura.ne.jp"),
        ("mxbiz1.qq.com", "Tencent Exmail", "imap.exmail.qq.com"),
        ("mx.zoho.eu", "Zoho", "imappro.zoho.eu"),
    ],
)
def test_an_own_domain_is_known_by_the_host_that_takes_its_mail(mail_host, provider, imap_host):
    found = discover("a@crm.example", resolver=Zone(mail={"crm.example": [mail_host]}))
    assert found is not None
    assert (found.provider, found.imap.host, found.source) == (provider, imap_host, Source.MAIL_HOST)
    assert found.needs_confirmation


def test_a_host_that_only_looks_like_a_provider_is_not_taken_for_it():
    assert (
        discover("a@crm.example", resolver=Zone(mail={"crm.example": ["evilgoogle.com", "google.com.evil.example"]}))
        is None
    )


def test_service_records_are_used_by_priority_and_an_explicit_none_is_believed():
    zone = Zone(
        srv={
            "_imaps._tcp.crm.example": [Service(10, 1, 993, "b.mail.example"), Service(5, 1, 1993, "a.mail.example")],
            "_submissions._tcp.crm.example": [Service(0, 0, 465, ".")],
            "_submission._tcp.crm.example": [Service(0, 0, 587, "out.mail.example")],
        }
    )
    found = discover("Haruka@CRM.example", resolver=zone)
    assert found is not None
    assert found.imap == Server("a.mail.example", 1993, Security.TLS)
    assert found.smtp == Server("out.mail.example", 587, Security.STARTTLS)
    assert (found.imap_username, found.source) == ("haruka@crm.example", Source.SERVICE_RECORD)


def test_starttls_is_the_second_choice():
    zone = Zone(srv={"_imap._tcp.crm.example": [Service(0, 0, 143, "mail.crm.example")]})
    found = discover("a@crm.example", resolver=zone)
    assert found is not None
    assert (found.imap, found.smtp) == (Server("mail.crm.example", 143, Security.STARTTLS), None)


@pytest.mark.parametrize("address", ["a@unknown.example", "not an address", "", "@", "a@"])
def test_what_is_not_found_is_none_and_never_raises(address):
    assert discover(address, resolver=Zone()) is None


def test_an_international_domain_is_asked_for_in_its_ascii_form():
    zone = Zone()
    discover("info@見積.example", resolver=zone)
    assert zone.asked[0] == "xn--5pz252a.example"


def test_name_servers_that_do_not_answer_mean_not_found():
    # The tests allow no network beyond this machine, so any real question fails.
    assert DnsResolver(seconds=0.1).mail_hosts("nowhere.invalid") == []
    assert DnsResolver(seconds=0.1).services("_imaps._tcp.nowhere.invalid") == []


def test_every_hint_of_a_preset_has_its_text():
    assert {hint for preset in PRESETS for hint in preset.hints} <= HINTS.keys()


def test_no_preset_sends_passwords_in_the_clear():
    assert {server.security for preset in PRESETS for server in (preset.imap, preset.smtp)} == {
        Security.TLS,
        Security.STARTTLS,
    }


def test_no_domain_belongs_to_two_presets():
    domains = [domain for preset in PRESETS for domain in preset.domains]
    hosts = [host for preset in PRESETS for host in preset.mail_hosts]
    assert len(domains) == len(set(domains))
    assert len(hosts) == len(set(hosts))
