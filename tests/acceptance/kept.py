"""All that is kept anywhere: what a search for traces goes through."""

import io
from pathlib import Path

from django.conf import settings
from django.db import connection
from redis import Redis


def everything_kept():
    """Every table as COPY writes it, every value of the broker as it would be saved, every file: by place."""
    return {**dict(tables()), **dict(broker()), **dict(files())}


def tables():
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            copy = io.BytesIO()
            cursor.copy_expert(f'COPY (SELECT * FROM "{table}" AS t ORDER BY t::text) TO STDOUT', copy)  # noqa: S608
            yield table, copy.getvalue()


def broker():
    with Redis.from_url(settings.REDIS_URL) as server:
        server.config_set("rdbcompression", "no")
        for key in server.scan_iter():
            yield f"broker {key!r}", server.dump(key) or b""


def files():
    for path in Path(settings.DATA_DIR).rglob("*"):
        if path.is_file():
            yield str(path), path.read_bytes()
