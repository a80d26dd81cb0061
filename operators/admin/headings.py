"""What columns are called above lists and beside values: Django would show their names in code."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import FieldListFilter
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, Field, Model
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy as _in

HEADINGS: dict[str, str | Promise] = {
    "action": _in("column", "action"),
    "actor": _in("column", "actor"),
    "actor_id": _in("column", "number of the actor"),
    "arrived_at": _in("column", "arrived"),
    "at": _in("column", "at"),
    "attempts": _in("column", "starts"),
    "by": _in("column", "by"),
    "carrier": _in("column", "carried by"),
    "city": _in("column", "city"),
    "closed_at": _in("column", "closed"),
    "confirmed_at": _in("column", "confirmed"),
    "confirmed_by": _in("column", "confirmed by"),
    "counts": _in("column", "counts"),
    "created_at": _in("column", "made"),
    "discovery": _in("column", "how it was noticed"),
    "due_on": _in("column", "due"),
    "email": _in("column", "e-mail address"),
    "entries": _in("column", "entries of the log"),
    "expires_at": _in("column", "ends"),
    "extended_at": _in("column", "extended"),
    "failures": _in("column", "failures"),
    "found_at": _in("column", "found"),
    "gone": _in("column", "erased reports"),
    "granted_at": _in("column", "opened"),
    "happened_from": _in("column", "happened from"),
    "happened_to": _in("column", "happened until"),
    "host": _in("column", "server"),
    "id": _in("column", "ID"),
    "is_active": _in("column", "active"),
    "issued_at": _in("column", "issued"),
    "kind": _in("column", "kind"),
    "language": _in("column", "language"),
    "last_error": _in("column", "last error"),
    "last_listed_at": _in("column", "last listed"),
    "leased_until": _in("column", "held until"),
    "name": _in("column", "name"),
    "next_attempt_at": _in("column", "next attempt"),
    "next_update_at": _in("column", "next update"),
    "noticed_at": _in("column", "noticed"),
    "object_id": _in("column", "object"),
    "opened_at": _in("column", "received"),
    "operator": _in("column", "administrator"),
    "operator_id": _in("column", "administrator"),
    "port": _in("column", "port"),
    "practice": _in("column", "practice"),
    "quarantined_at": _in("column", "set aside"),
    "read_at": _in("column", "read"),
    "reason": _in("column", "reason"),
    "registered_at": _in("column", "registered"),
    "released_at": _in("column", "released"),
    "report_id": _in("column", "report"),
    "reports": _in("column", "reports"),
    "requested_at": _in("column", "ordered"),
    "restricted_at": _in("column", "restricted"),
    "rests_until": _in("column", "rests until"),
    "role": _in("column", "role"),
    "sequence": _in("column", "number in the log"),
    "severity": _in("column", "severity"),
    "state": _in("column", "state"),
    "stated_at": _in("column", "stated"),
    "text": _in("column", "words"),
    "told_at": _in("column", "told"),
    "used_at": _in("column", "used"),
    "verified_at": _in("column", "verified"),
}


def column(model: type[Model], name: str) -> Any:
    """What a list shows of a field under its heading; a name that is no field's, as it is."""
    field = _field(model, name)
    if field is None or name not in HEADINGS:
        return name
    is_flag, has_words = isinstance(field, BooleanField), bool(field.choices)

    # In the language of the request: columns are put together for each.
    @admin.display(description=str(HEADINGS[name]), ordering=name, boolean=is_flag)
    def shown(row: Model) -> object:
        return getattr(row, f"get_{name}_display")() if has_words else getattr(row, name)

    shown.__name__ = name
    return shown


def filtered(name: str) -> Any:
    """A filter by a field, called as its column is."""

    def made(*args: Any, **more: Any) -> FieldListFilter:
        found = FieldListFilter.create(*args, **more)
        found.title = str(HEADINGS.get(name, found.title))
        return found

    return (name, made)


def _field(model: type[Model], name: str) -> "Field[Any, Any] | None":
    try:
        found = model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None
