"""Queries that every page asks, put together once a process and then only asked.

Django puts the same SQL together anew for each request, which for the pages that are asked for
every few seconds costs more than Postgres needs to answer. A ``Statement`` keeps the SQL of a
queryset, in which ``Given`` holds the place of whatever differs from one time to the next, the
practice in scope among it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import BooleanField, Field, Func, IntegerField, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.expressions import Expression
from django.db.models.signals import post_init, pre_init

from dermalia.tenancy.scope import current_practice, for_any_practice

M = TypeVar("M", bound=Model)
Row = tuple[Any, ...]


class Given(Expression):
    """Holds the place of a value that comes with each execution, by its name.

    Stands for itself among the parameters, so that a queryset with one in it that is asked
    directly fails at the database's door.
    """

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, _compiler: Any, _connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class Among(Func):
    """Whether a column is one of given values: ``filter(Among("report_id", "reports", field))``."""

    arg_joiner = " = ANY("
    template = "(%(expressions)s))"

    def __init__(self, column: str, name: str, of: "Field[Any, Any]") -> None:
        super().__init__(column, Given(name, ArrayField(of)), output_field=BooleanField())


_PRACTICE = Given("practice in scope", IntegerField())


class Statement(Generic[M]):
    """A queryset's SQL, kept. Its rows are instances as ``only`` makes them: what was not selected
    is fetched when somebody asks for it.

    Args:
        build: gives the queryset. It is called once, for whichever practices there will be, so it
            can neither know a practice nor the time.
    """

    def __init__(self, build: Callable[[], QuerySet[M, Any]]) -> None:
        self._build = build

    def rows(self, **given: object) -> list[M]:
        """The rows for these values, by the names that the queryset gave them.

        Raises:
            NoPracticeScope: it reads a practice's rows, and none is in scope.
            KeyError: a value is missing.
        """
        make = self._kept.whole.make
        return [make(row) for row in self._kept.fetch(given)]

    def first(self, **given: object) -> M | None:
        """The first of the rows; the queryset says that there is one at most, or which."""
        return next(iter(self.rows(**given)), None)

    @cached_property
    def _kept(self) -> "_Kept":
        return _keep(self._build, instances=True)


class Figures:
    """As ``Statement``, for a queryset of ``values`` or ``values_list``: its rows are tuples."""

    def __init__(self, build: Callable[[], QuerySet[Any, Any]]) -> None:
        self._build = build

    def rows(self, **given: object) -> list[Row]:
        """The rows for these values; raises as ``Statement.rows`` does."""
        return self._kept.fetch(given)

    def any(self, **given: object) -> bool:
        """Whether there are rows; the queryset asks for one at most."""
        return bool(self.rows(**given))

    @cached_property
    def _kept(self) -> "_Kept":
        return _keep(self._build, instances=False)


@dataclass(frozen=True, slots=True)
class _Part:
    """The share that one model has of a row, and those of what it was selected with."""

    model: type[Model]
    names: tuple[str, ...]
    columns: slice
    key: int
    extra: tuple[tuple[str, int], ...]
    related: tuple[tuple["_Part", Callable[..., None], Callable[..., None]], ...]

    def make(self, row: Row) -> Any:
        """An instance that holds what was selected, without a signal or a default."""
        made = self.model.__new__(self.model)
        state = ModelState()
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        values = vars(made)
        values["_state"] = state
        values.update(zip(self.names, row[self.columns], strict=True))
        for name, column in self.extra:
            values[name] = row[column]
        for part, set_here, set_there in self.related:
            other = None if row[part.key] is None else part.make(row)
            set_here(made, other)
            if other is not None:
                set_there(other, made)
        return made


@dataclass(frozen=True, slots=True)
class _Kept:
    """What remains of a queryset: its SQL, its parameters, and how to read a row."""

    sql: str
    parameters: tuple[Any, ...]
    converters: tuple[tuple[int, list[Any], Any], ...]
    part: _Part | None

    @property
    def whole(self) -> _Part:
        assert self.part is not None, "rows of values are asked for with Figures"
        return self.part

    def fetch(self, given: Mapping[str, object]) -> list[Row]:
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [_filled(each, given) for each in self.parameters])
            rows: list[Row] = cursor.fetchall()
        return [self._converted(row) for row in rows] if self.converters else rows

    def _converted(self, row: Row) -> Row:
        values = list(row)
        for column, converters, expression in self.converters:
            for convert in converters:
                values[column] = convert(values[column], expression, connection)
        return tuple(values)


def _filled(parameter: object, given: Mapping[str, object]) -> Any:
    if not isinstance(parameter, Given):
        return parameter
    return current_practice() if parameter.name == _PRACTICE.name else given[parameter.name]


def _keep(build: Callable[[], QuerySet[Any, Any]], *, instances: bool) -> _Kept:
    with for_any_practice(_PRACTICE):
        compiler = build().query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
    if any(isinstance(each, date) for each in parameters):
        raise TypeError("a day or time is in the statement for good: let it be Given")
    columns = [each[0] for each in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(columns)
    return _Kept(
        sql,
        tuple(parameters),
        tuple((column, *each) for column, each in converters.items()),
        _part(compiler.klass_info, compiler) if instances else None,
    )


def _part(info: Mapping[str, Any], compiler: Any, *, extra: bool = True) -> _Part:
    model, selected = info["model"], info["select_fields"]
    _require_plain(model)
    names = tuple(compiler.select[column][0].target.attname for column in selected)
    return _Part(
        model,
        names,
        slice(selected[0], selected[-1] + 1),
        selected[names.index(model._meta.pk.attname)],
        tuple((compiler.annotation_col_map or {}).items()) if extra else (),
        tuple(_related(info.get("related_klass_infos", ()), compiler)),
    )


def _related(infos: Any, compiler: Any) -> Iterator[tuple[_Part, Any, Any]]:
    for info in infos:
        part = _part(info, compiler, extra=False)
        yield part, info["local_setter"], info["remote_setter"]


def _require_plain(model: type[Model]) -> None:
    """Instances are made around ``__init__``, so nobody may count on being called by it."""
    kinds = [kind for kind in model.__mro__ if issubclass(kind, Model) and kind is not Model]
    overridden = any({"__init__", "from_db"} & vars(kind).keys() for kind in kinds)
    if overridden or any(signal.has_listeners(model) for signal in (pre_init, post_init)):
        raise TypeError(f"{model.__name__} is more than its columns when it is made")
