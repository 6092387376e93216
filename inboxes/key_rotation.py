"""Moving every encrypted value of the database to the newest key, so that older keys can be thrown away."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast, StrIndex, Substr

from inboxes.encryption import EncryptedTextField, KeyRing, ring

BATCH = 500


@dataclass(frozen=True, slots=True)
class EncryptedColumn:
    """One place where secrets lie."""

    model: type[models.Model]
    name: str

    @property
    def label(self) -> str:
        return f"{self.model._meta.label_lower}.{self.name}"

    def stored(self) -> "models.QuerySet[models.Model]":
        """Rows with a value, which `stored_text` holds as it lies in the database."""
        text = Cast(self.name, models.TextField())
        rows: models.QuerySet[models.Model] = self.model._base_manager.exclude(**{self.name: None}).annotate(
            stored_text=text
        )
        return rows


@dataclass(frozen=True, slots=True)
class KeyReport:
    """Where the secrets are, by key id. A removable key holds none; a missing one is needed and not in FIELD_KEYS."""

    newest: str
    secrets: dict[str, int]
    removable: list[str]
    missing: dict[str, int]


def columns() -> Iterator[EncryptedColumn]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, EncryptedTextField):
                yield EncryptedColumn(model, field.attname)


def values_per_key() -> Counter[str]:
    """How many values each key holds, by key id; nothing is decrypted."""
    counts: Counter[str] = Counter()
    for column in columns():
        used = Substr("stored_text", 1, StrIndex("stored_text", models.Value(":")) - 1)
        rows = column.stored().values_list(used).annotate(models.Count("pk")).order_by()
        counts.update(dict(rows))
    return counts


def report() -> KeyReport:
    counts, ids = values_per_key(), ring().ids
    return KeyReport(
        newest=ids[0],
        secrets={key: counts[key] for key in ids},
        removable=[key for key in ids[1:] if not counts[key]],
        missing={key: count for key, count in sorted(counts.items()) if key not in ids},
    )


def rotate(*, batch: int = BATCH) -> int:
    """Encrypts every value of an older key with the newest one; returns how many.

    Batch by batch, each in its own transaction: it can be stopped and started again, and runs beside the product. Raises
    `UnknownKey` or `InvalidToken` for a value that cannot be read; what was done before stays done.
    """
    return sum(_rotate_column(column, ring(), batch) for column in columns())


def _rotate_column(column: EncryptedColumn, keys: KeyRing, batch: int) -> int:
    done = 0
    while moved := _rotate_batch(column, keys, batch):
        done += moved
    return done


@transaction.atomic
def _rotate_batch(column: EncryptedColumn, keys: KeyRing, batch: int) -> int:
    old = column.stored().exclude(stored_text__startswith=f"{keys.current_id}:").order_by("pk")
    rows = list(old.select_for_update(of=("self",))[:batch])
    column.model._base_manager.bulk_update(rows, [column.name])
    return len(rows)
