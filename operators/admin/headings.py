"""What columns are called above lists and beside values: Django would show their names in code."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import FieldListFilter
from django.core.exceptions import FieldDoesNotExist
from django.db.models import BooleanField, Field, Model
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

HEADINGS: dict[str, str | Promise] = {
    "action": pgettext_lazy("column", "action"),
    "actor": pgettext_lazy("column", "actor"),
    "actor_id": pgettext_lazy("column", "number of the actor"),
    "arrived_at": pgettext_lazy("column", "arrived"),
    "at": pgettext_lazy("column", "at"),
    "attempts": pgettext_lazy("column", "starts"),
    "by": pgettext_lazy("column", "by"),
    "carrier": pgettext_lazy("column", "carried by"),
    "city": pgettext_lazy("column", "city"),
    "closed_at": pgettext_lazy("column", "closed"),
    "confirmed_at": pgettext_lazy("column", "confirmed"),
    "confirmed_by": pgettext_lazy("column", "confirmed by"),
    "counts": pgettext_lazy("column", "counts"),
    "created_at": pgettext_lazy("column", "made"),
    "discovery": pgettext_lazy("column", "how it was noticed"),
    "due_on": pgettext_lazy("column", "due"),
    "email": pgettext_lazy("column", "e-mail address"),
    "entries": pgettext_lazy("column", "entries of the log"),
    "expires_at": pgettext_lazy("column", "ends"),
    "extended_at": pgettext_lazy("column", "extended"),
    "failures": pgettext_lazy("column", "failures"),
    "found_at": pgettext_lazy("column", "found"),
    "gone": pgettext_lazy("column", "erased reports"),
    "granted_at": pgettext_lazy("column", "opened"),
    "happened_from": pgettext_lazy("column", "happened from"),
    "happened_to": pgettext_lazy("column", "happened until"),
    "host": pgettext_lazy("column", "server"),
    "id": pgettext_lazy("column", "ID"),
    "is_active": pgettext_lazy("column", "active"),
    "issued_at": pgettext_lazy("column", "issued"),
    "kind": pgettext_lazy("column", "kind"),
    "language": pgettext_lazy("column", "language"),
    "last_error": pgettext_lazy("column", "last error"),
    "last_listed_at": pgettext_lazy("column", "last listed"),
    "leased_until": pgettext_lazy("column", "held until"),
    "name": pgettext_lazy("column", "name"),
    "next_attempt_at": pgettext_lazy("column", "next attempt"),
    "next_update_at": pgettext_lazy("column", "next update"),
    "noticed_at": pgettext_lazy("column", "noticed"),
    "object_id": pgettext_lazy("column", "object"),
    "opened_at": pgettext_lazy("column", "received"),
    "operator": pgettext_lazy("column", "administrator"),
    "operator_id": pgettext_lazy("column", "administrator"),
    "port": pgettext_lazy("column", "port"),
    "practice": pgettext_lazy("column", "practice"),
    "quarantined_at": pgettext_lazy("column", "set aside"),
    "read_at": pgettext_lazy("column", "read"),
    "reason": pgettext_lazy("column", "reason"),
    "registered_at": pgettext_lazy("column", "registered"),
    "released_at": pgettext_lazy("column", "released"),
    "report_id": pgettext_lazy("column", "report"),
    "reports": pgettext_lazy("column", "reports"),
    "requested_at": pgettext_lazy("column", "ordered"),
    "restricted_at": pgettext_lazy("column", "restricted"),
    "rests_until": pgettext_lazy("column", "rests until"),
    "role": pgettext_lazy("column", "role"),
    "sequence": pgettext_lazy("column", "number in the log"),
    "service": pgettext_lazy("column", "service"),
    "severity": pgettext_lazy("column", "severity"),
    "state": pgettext_lazy("column", "state"),
    "stated_at": pgettext_lazy("column", "stated"),
    "text": pgettext_lazy("column", "words"),
    "told_at": pgettext_lazy("column", "told"),
    "used_at": pgettext_lazy("column", "used"),
    "valid_from": pgettext_lazy("column", "valid from"),
    "verified_at": pgettext_lazy("column", "verified"),
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
