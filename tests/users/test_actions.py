"""Changes to people, each with its refusals and its line in the audit log."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from audit.models import AuditEvent
from tests.factories.users import UserFactory
from users import actions
from users.errors import AddressTaken, LastSuperAdmin, OwnDeactivation
from users.models import Role, User, Workspace, WorkspaceDomain

pytestmark = pytest.mark.django_db
STRONG = "correct horse battery"


def audited() -> list[tuple[Any, ...]]:
    return list(AuditEvent.objects.order_by("id").values_list("action", "actor__name", "target_id", "details"))


def test_create_person_keeps_the_address_in_lower_case_and_is_audited(admin: User):
    person = actions.create_person(email=" Hana@Example.JP ", name=" Hana ", password=STRONG, language="ja", by=admin)
    person.refresh_from_db()
    assert (person.email, person.name, person.language, person.role) == ("hana@example.jp", "Hana", "ja", Role.MEMBER)
    assert person.check_password(STRONG)
    assert audited() == [("person.created", admin.name, str(person.pk), {"role": "member", "account_access": False})]


def test_create_person_refuses_an_address_in_use_whatever_its_case(alice: User):
    with pytest.raises(AddressTaken):
        actions.create_person(email=alice.email.upper(), name="Twin", password=STRONG, by=None)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("name", ""),
        ("password", "short"),
        ("role", "emperor"),
        ("time_zone", "Mars/Base"),
        ("language", "tlh"),
    ],
)
def test_create_person_refuses_a_bad_field_and_stores_nothing(field: str, value: str):
    given = {"email": "hana@example.jp", "name": "Hana", "password": STRONG} | {field: value}
    with pytest.raises(ValidationError):
        actions.create_person(**given, by=None)
    assert not User.objects.exists()
    assert audited() == []


def test_change_role_is_audited_with_before_and_after(admin: User, alice: User):
    actions.change_role(person=alice, role=Role.SUPER_ADMIN, account_access=True, by=admin)
    alice.refresh_from_db()
    assert alice.is_super_admin
    before, after = {"role": "member", "account_access": False}, {"role": "super_admin", "account_access": True}
    assert audited() == [("person.role_changed", admin.name, str(alice.pk), {"before": before, "after": after})]


def test_change_role_to_the_same_role_is_no_change(admin: User, alice: User):
    actions.change_role(person=alice, role=alice.role, account_access=alice.account_access, by=admin)
    assert audited() == []


def test_the_last_super_admin_cannot_be_demoted(admin: User):
    UserFactory(super_admin=True, deactivated=True)
    with pytest.raises(LastSuperAdmin):
        actions.change_role(person=admin, role=Role.MEMBER, account_access=False, by=admin)
    admin.refresh_from_db()
    assert admin.is_super_admin


def test_the_last_super_admin_cannot_be_deactivated(admin: User):
    with pytest.raises(LastSuperAdmin):
        actions.deactivate_person(person=admin, by=None)
    admin.refresh_from_db()
    assert admin.is_active


def test_one_of_two_super_admins_can_be_deactivated(admin: User):
    other = UserFactory(super_admin=True)
    actions.deactivate_person(person=other, by=admin)
    other.refresh_from_db()
    assert not other.is_active


@pytest.mark.django_db(transaction=True)
def test_two_super_admins_cannot_remove_each_other_at_the_same_moment():
    pair = [UserFactory(super_admin=True), UserFactory(super_admin=True)]
    start = Barrier(2)

    def remove(place: int) -> str:
        start.wait()
        try:
            actions.deactivate_person(person=pair[place], by=pair[1 - place])
            actions.change_role(person=pair[place], role=Role.MEMBER, account_access=False, by=pair[1 - place])
        except LastSuperAdmin:
            return "refused"
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as threads:
        outcomes = sorted(threads.map(remove, range(2)))
    assert outcomes == ["done", "refused"]
    assert User.objects.super_admins().count() == 1


def test_nobody_deactivates_themselves(admin: User):
    UserFactory(super_admin=True)
    with pytest.raises(OwnDeactivation):
        actions.deactivate_person(person=admin, by=admin)


def test_deactivating_and_reactivating_twice_is_audited_once(admin: User, alice: User):
    for _ in range(2):
        actions.deactivate_person(person=alice, by=admin)
    for _ in range(2):
        actions.reactivate_person(person=alice, by=admin)
    assert [row[0] for row in audited()] == ["person.deactivated", "person.reactivated"]
    alice.refresh_from_db()
    assert alice.is_active


def test_the_workspace_is_renamed(admin: User):
    actions.rename_workspace(name=" Kita Trading ", by=admin)
    assert Workspace.objects.current().name == "Kita Trading"
    assert audited() == [("workspace.renamed", admin.name, "1", {})]


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Example.CO.jp", "example.co.jp"),
        ("hana@example.jp", "example.jp"),
        ("https://www.example.jp/contact", "www.example.jp"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("@example.jp.", "example.jp"),
    ],
)
def test_a_domain_is_stored_in_ascii_however_it_was_typed(admin: User, typed: str, stored: str):
    actions.add_workspace_domain(domain=typed, by=admin)
    assert WorkspaceDomain.objects.get().domain == stored
    assert [row[0] for row in audited()] == ["workspace.domain_added"]


@pytest.mark.parametrize("typed", ["gmail.com", "Docomo.ne.jp", "co.jp", "mail.yahoo.co.jp"])
def test_a_domain_that_anybody_can_use_is_refused(admin: User, typed: str):
    with pytest.raises(ValidationError, match="it cannot stand for your colleagues"):
        actions.add_workspace_domain(domain=typed, by=admin)
    assert not WorkspaceDomain.objects.exists()


@pytest.mark.parametrize("typed", ["", "example", "exa mple.jp", "example..jp", "-.jp", "1.2.3.4", "example.jp\r\nx"])
def test_what_is_no_domain_is_refused(admin: User, typed: str):
    with pytest.raises(ValidationError, match="is not a domain"):
        actions.add_workspace_domain(domain=typed, by=admin)
    assert not WorkspaceDomain.objects.exists()


def test_a_domain_is_listed_once(admin: User):
    actions.add_workspace_domain(domain="example.jp", by=admin)
    with pytest.raises(ValidationError, match=r"example\.jp is already on the list"):
        actions.add_workspace_domain(domain="EXAMPLE.jp", by=admin)


def test_a_removed_domain_is_audited_by_name(admin: User):
    domain = actions.add_workspace_domain(domain="example.jp", by=admin)
    actions.remove_workspace_domain(domain=domain, by=admin)
    assert not WorkspaceDomain.objects.exists()
    assert audited()[-1][::3] == ("workspace.domain_removed", {"domain": "example.jp"})
