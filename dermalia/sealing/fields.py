"""Model fields whose text is sealed in the database; clear text cannot be assigned to them."""

from dataclasses import dataclass, field
from typing import Any

from django.db import models

from dermalia.sealing.keys import UnlockedKey


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a sealed column holds."""

    name: str
    data: bytes = field(repr=False)

    def open(self, key: UnlockedKey) -> str:
        """Raises ``SealBroken`` if this key did not seal this column."""
        return key.open_text(self.data, name=self.name)


@dataclass(frozen=True, slots=True)
class Sealing:
    """A text on its way into a sealed column: ``row.email = Sealing(key, text)``."""

    key: UnlockedKey
    text: str = field(repr=False)

    def open(self, _key: UnlockedKey) -> str:
        """The text, which after saving stands in for what a fresh row would open to."""
        return self.text


class SealedTextField(models.BinaryField):  # type: ignore[type-arg]
    """A text sealed under a key of its row's, bound to the column: ``scan.measurements``.

    Reads as ``Sealed``, takes ``Sealing``, ``Sealed`` of the same column, or None. Anything else
    raises ``TypeError``, so that forgetting to seal cannot store clear text.
    """

    _pyi_private_set_type: Sealing | Sealed
    _pyi_private_get_type: Sealed | Sealing  # type: ignore[assignment]

    @property
    def sealed_name(self) -> str:
        """What the text is bound to."""
        return f"{self.model._meta.model_name}.{self.name}"

    def from_db_value(self, value: Any, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(self.sealed_name, bytes(value))

    def get_prep_value(self, value: Any) -> bytes | None:
        if value is None:
            return None
        if isinstance(value, Sealing):
            return value.key.seal_text(value.text, name=self.sealed_name)
        if isinstance(value, Sealed) and value.name == self.sealed_name:
            return value.data
        raise TypeError(f"{self.sealed_name} takes Sealing(key, text), not {type(value).__name__}")
