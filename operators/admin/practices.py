"""Practices and what is theirs: metadata only, as Postgres lets this role see."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from audit.models import Entry
from audit.words import Action, Actor
from onboarding.models import Objection
from operators.admin.base import Tool, Watched
from operators.models import Grant
from operators.site import Group, site
from practices.models import Practice, User
from reports.models import Case, MailRoute, Report
from scans.models import Connection


@admin.register(Practice, site=site)
class PracticeAdmin(Watched[Practice]):
    group, named = Group.PRACTICES, _("Practices")
    list_display = ("name", "city", "language", "created_at")
    search_fields = ("name", "city")
    ordering = ("name",)
    fields = ("name", "city", "email", "language", "created_at")


@admin.register(User, site=site)
class StaffAdmin(Watched[User]):
    group, named = Group.PRACTICES, _("Staff")
    list_display = ("email", "practice", "role", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("email",)
    ordering = ("practice_id", "email")
    fields = ("email", "practice", "role", "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        seen = super().get_queryset(request).select_related("practice")
        return seen.only(*User.admin_sees, "practice__name")


@admin.register(Connection, site=site)
class ConnectionAdmin(Watched[Connection]):
    group, named = Group.PRACTICES, _("Connections")
    about = _("Whether scanners let themselves be listed. How to open them is sealed.")
    list_display = ("practice", "last_listed_at", "rests_until", "last_error")
    ordering = ("-last_listed_at",)
    fields = ("practice", "last_listed_at", "rests_until", "last_error")


@admin.register(Report, site=site)
class ReportAdmin(Watched[Report]):
    group, named = Group.PRACTICES, _("Reports")
    about = _(
        "States and days only. What a report shows is sealed: opening one needs a reason and your"
        " passkey, and tells the practice."
    )
    list_display = ("id", "practice", "state", "created_at", "due_on", "restricted_at")
    list_filter = ("state",)
    ordering = ("-created_at",)
    fields = ("id", "practice", "state", "created_at", "released_at", "due_on", "restricted_at")

    def tools(self, obj: Report) -> list[Tool]:
        report = [obj.practice_id, obj.pk]
        return [(str(_("Open this report …")), reverse("open_report", args=report))]


@admin.register(Case, site=site)
class CaseAdmin(Watched[Case]):
    group, named = Group.PRACTICES, _("Requests")
    about = _("Requests of patients to their practice: their clocks, not their words.")
    list_display = ("practice", "kind", "state", "opened_at", "due_on", "closed_at")
    list_filter = ("state", "kind")
    ordering = ("due_on",)
    fields = ("practice", "kind", "state", "opened_at", "due_on", "extended_at", "closed_at")


@admin.register(Objection, site=site)
class ObjectionAdmin(Watched[Objection]):
    group, named = Group.PRACTICES, _("Objections")
    about = _("What practices say to services that were announced. The newest word counts.")
    list_display = ("practice", "service", "valid_from", "kind", "at")
    list_filter = ("kind", "service")
    ordering = ("-at",)
    fields = ("practice", "service", "valid_from", "kind", "reason", "at")


@admin.register(MailRoute, site=site)
class MailRouteAdmin(Watched[MailRoute]):
    group, named = Group.PRACTICES, _("Ways of mails")
    list_display = ("practice", "carrier", "host", "port")
    list_filter = ("carrier",)
    ordering = ("practice_id",)
    fields = ("practice", "carrier", "host", "port")


@admin.register(Grant, site=site)
class GrantAdmin(Watched[Grant]):
    group, named = Group.RECORD, _("Opened reports")
    about = _("Reports that were opened for administrators, and until when.")
    list_display = ("practice", "operator_id", "report_id", "granted_at", "expires_at")
    ordering = ("-granted_at",)
    fields = ("practice", "report_id", "granted_at", "expires_at")

    def tools(self, obj: Grant) -> list[Tool]:
        return [(str(_("To the report")), reverse("report", args=[obj.practice_id, obj.report_id]))]


class ActorFilter(admin.SimpleListFilter):
    """By role: the words are known beforehand; asking the log for them would read all of it."""

    title, parameter_name = _("actor"), "actor"

    def lookups(
        self, _request: HttpRequest, _model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [(word.value, word.value) for word in Actor]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(actor=self.value()) if self.value() else rows


class ActionFilter(admin.SimpleListFilter):
    """By what the action is about, the first half of its word."""

    title, parameter_name = _("action"), "about"

    def lookups(
        self, _request: HttpRequest, _model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, str]]:
        return [(about, about) for about in sorted({word.split(".")[0] for word in Action})]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(action__startswith=f"{self.value()}.") if self.value() else rows


@admin.register(Entry, site=site)
class EntryAdmin(Watched[Entry]):
    group, named = Group.RECORD, _("Log")
    about = _(
        "The log of every practice, and under 0 of what concerns none. Search for the whole id of"
        " an object."
    )
    list_display = ("at", "practice_name", "actor", "actor_id", "action", "object_id", "counts")
    list_filter = (ActorFilter, ActionFilter)
    search_fields = ("object_id",)
    ordering = ("-at",)
    fields = (*list_display, "sequence")
    readonly_fields = ("practice_name",)

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Entry], search_term: str
    ) -> tuple[QuerySet[Entry], bool]:
        if not search_term:
            return queryset, False
        try:
            return queryset.filter(object_id=UUID(search_term.strip())), False
        except ValueError:
            return queryset.none(), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        named = Practice.objects.filter(pk=OuterRef("practice_id")).values("name")
        return super().get_queryset(request).annotate(named=Subquery(named))

    @admin.display(description=_("practice"), ordering="practice_id")
    def practice_name(self, entry: Any) -> str:
        return f"{entry.practice_id} {entry.named or ''}"
