from datetime import UTC, datetime

import pytest

from users.keyset import Cursor, InvalidCursor


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 2, 12, 0, tzinfo=UTC),
        datetime(1980, 1, 1, 0, 0, 0, 1, UTC),
        datetime(2026, 3, 2, 1, 2, 3, 999999, UTC),
    ],
)
def test_a_place_survives_an_address_to_the_microsecond(moment):
    assert Cursor.parse(str(Cursor(moment, 7))) == Cursor(moment, 7)


@pytest.mark.parametrize(
    "text",
    ["", "x", "1", "1-x", "9" * 40 + "-1", "1-1-1-", "nan-1", "253402300799999999-1", "-62135596800000000-1"],
)
def test_nonsense_is_no_place(text):
    with pytest.raises(InvalidCursor):
        Cursor.parse(text)


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/notifications/", "/admin/audit/"])
def test_no_page_begins_at_nonsense(admin_client, address):
    statuses = [admin_client.get(address, {"before": place}).status_code for place in ("", "1-1", "1-x", "2026-01-01")]
    assert statuses == [200, 200, 404, 404]
