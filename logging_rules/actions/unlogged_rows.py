"""Taking the rows of un-logged e-mails away and putting them back as they were, whatever columns they have."""

import json
from collections.abc import Collection
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from contacts.models import TimelineEntry
from inboxes.models import AccessRequest, Folder, LedgerEntry, Sighting
from logging_rules.models import UnloggedSighting, Unlogging

TAKE = f"""
    INSERT INTO {UnloggedSighting._meta.db_table} (unlogging_id, message_id, row, ledger, access_requests, contact_ids)
    SELECT %s, sighting.message_id, to_jsonb(sighting),
        COALESCE((
            SELECT jsonb_agg(to_jsonb(entry)) FROM {LedgerEntry._meta.db_table} entry
            WHERE entry.message_id = sighting.message_id AND entry.inbox_id = sighting.inbox_id
        ), '[]'),
        COALESCE((
            SELECT jsonb_agg(to_jsonb(request)) FROM {AccessRequest._meta.db_table} request
            WHERE request.sighting_id = sighting.id
        ), '[]'),
        ARRAY(SELECT contact_id FROM {TimelineEntry._meta.db_table} WHERE message_id = sighting.message_id)
    FROM {Sighting._meta.db_table} sighting
    WHERE sighting.inbox_id = ANY(%s) AND sighting.message_id = ANY(%s)
"""  # noqa: S608 - the names of our own tables

PUT_SIGHTINGS_BACK = f"""
    INSERT INTO {Sighting._meta.db_table}
    SELECT (jsonb_populate_record(NULL::{Sighting._meta.db_table}, %s::jsonb || kept.row)).*
    FROM {UnloggedSighting._meta.db_table} kept WHERE kept.unlogging_id = %s AND kept.message_id = ANY(%s)
    ON CONFLICT DO NOTHING
"""  # noqa: S608

PUT_REQUESTS_BACK = f"""
    INSERT INTO {AccessRequest._meta.db_table}
    SELECT (jsonb_populate_record(NULL::{AccessRequest._meta.db_table}, %s::jsonb || request)).*
    FROM {UnloggedSighting._meta.db_table} kept
    CROSS JOIN LATERAL jsonb_array_elements(kept.access_requests) request
    JOIN {Sighting._meta.db_table} sighting ON sighting.id = (request ->> 'sighting_id')::bigint
    WHERE kept.unlogging_id = %s AND kept.message_id = ANY(%s)
    ON CONFLICT DO NOTHING
"""  # noqa: S608

# A folder that was renumbered meanwhile knows its messages by other keys, and may have given the old ones to others.
PUT_LEDGER_BACK = f"""
    INSERT INTO {LedgerEntry._meta.db_table}
    SELECT (jsonb_populate_record(NULL::{LedgerEntry._meta.db_table}, %s::jsonb || entry)).*
    FROM {UnloggedSighting._meta.db_table} kept
    CROSS JOIN LATERAL jsonb_array_elements(kept.ledger) entry
    JOIN {Folder._meta.db_table} folder ON folder.id = (entry ->> 'folder_id')::bigint
    WHERE kept.unlogging_id = %s AND kept.message_id = ANY(%s)
        AND (folder.cursor_reset_at IS NULL OR folder.cursor_reset_at < %s)
    ON CONFLICT DO NOTHING RETURNING folder_id, message_id, code
"""  # noqa: S608


def take_snapshot(unlogging: Unlogging, *, inbox_ids: Collection[int], message_ids: Collection[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [unlogging.pk, list(inbox_ids), list(message_ids)])


def put_sightings_back(unlogging: Unlogging, message_ids: Collection[int]) -> None:
    """With who asked to open them."""
    with connection.cursor() as cursor:
        cursor.execute(PUT_SIGHTINGS_BACK, [_defaults(Sighting), unlogging.pk, list(message_ids)])
        cursor.execute(PUT_REQUESTS_BACK, [_defaults(AccessRequest), unlogging.pk, list(message_ids)])


def put_ledger_back(unlogging: Unlogging, message_ids: Collection[int]) -> list[tuple[int, int, str]]:
    """Returns folder, message and decision code of each row."""
    with connection.cursor() as cursor:
        cursor.execute(PUT_LEDGER_BACK, [_defaults(LedgerEntry), unlogging.pk, list(message_ids), unlogging.at])
        found: list[tuple[int, int, str]] = cursor.fetchall()
    return found


def _defaults(model: type[models.Model]) -> str:
    """For columns that the product has learnt since the rows were taken away."""
    values: dict[str, Any] = {
        str(field.column): field.get_default() for field in model._meta.concrete_fields if field.has_default()
    }
    return json.dumps(values, cls=DjangoJSONEncoder)
