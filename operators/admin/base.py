"""A model's list and page: read-only, by the admin's own database role, each look on record."""

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.functional import Promise

from audit.words import Action
from dermalia.tenancy import practice_scope
from dermalia.tenancy.models import PracticeOwned, ScopedRow
from operators.access import OperatorRequest, why
from operators.admin.headings import column, filtered
from operators.domain.log import NO_PRACTICE, list_id, object_id, tell
from operators.site import Group

M = TypeVar("M", bound=Model)
Tool = tuple[str, str]  # what it says, and where it leads
ROLE = "admin"  # the database's alias, whose role sees columns of admin_sees only


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
else:

    class ModelAdmin(admin.ModelAdmin, Generic[M]):
        """Django's, which is generic for type checkers only."""


class Watched(ModelAdmin[M]):
    """What Postgres lets administrators see of a model, and the log says they have looked."""

    change_list_template = "operators/change_list.html"
    change_form_template = "operators/change_form.html"
    actions = None
    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    group: ClassVar[Group]
    named: ClassVar[str | Promise]
    about: ClassVar[str | Promise] = ""  # said above the list

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        """The list and the page; neither adding, changing, deleting, nor another history."""
        kept = ("_changelist", "_change")
        return [each for each in super().get_urls() if (each.name or "").endswith(kept)]

    def get_list_display(self, _request: HttpRequest) -> Any:
        return tuple(column(self.model, str(name)) for name in self.list_display)

    def get_list_filter(self, _request: HttpRequest) -> Any:
        return tuple(filtered(each) if isinstance(each, str) else each for each in self.list_filter)

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        columns = getattr(self.model, "admin_sees", ())
        if not columns:
            return super().get_queryset(request)
        if issubclass(self.model, ScopedRow):
            rows: QuerySet[Any] = self.model.across_practices.using(ROLE)
        else:
            rows = QuerySet(self.model, using=ROLE)
        if issubclass(self.model, PracticeOwned):
            return rows.select_related("practice").only(*columns, "practice__name")
        return rows.only(*columns)

    @property
    def title(self) -> str:
        """What the list is called."""
        return str(self.named)

    def tools(self, _obj: M) -> list[Tool]:
        """Acts that the row's page leads to."""
        return []

    def list_tools(self) -> list[Tool]:
        """Acts that the list leads to."""
        return []

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._record(request, Action.ADMIN_LISTED, None)
        context = {"tools": self.list_tools(), "about": self.about, "title": self.title}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        context: dict[str, Any] = {"list_title": self.title}
        if found is not None:
            self._record(request, Action.ADMIN_VIEWED, found)
            context |= {"tools": self.tools(found), "title": str(found), "subtitle": None}
        context |= extra_context or {}
        return super().change_view(request, object_id, form_url, context)

    def _record(self, request: HttpRequest, action: Action, found: M | None) -> None:
        operating: OperatorRequest = request  # type: ignore[assignment]  # the site lets no other in
        label = self.model._meta.label
        named = list_id(label) if found is None else object_id(label, found.pk)
        with practice_scope(getattr(found, "practice_id", NO_PRACTICE)):
            tell(action, who=operating.user, why=why(operating), object_id=named)
