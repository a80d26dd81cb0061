"""Jobs of every kind by their state: what waits, what failed, and what was set aside."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dermalia.work.models import Work
from operators.admin.base import Tool, Watched
from operators.site import Group, site

NAMES: dict[str, str | Promise] = {
    "closing.Everything": _("Erasures of everything"),
    "exports.Export": _("Exports"),
    "reports.Delivery": _("Mails to patients"),
    "reports.StaffMail": _("Mails to staff"),
    "retention.Erasure": _("Erasures"),
    "scans.Detail": _("3D views in full detail"),
    "scans.Scan": _("Scans"),
}


def kind_name(kind: type[Work]) -> str:
    """What people call a kind of job."""
    return str(NAMES.get(kind._meta.label, kind._meta.verbose_name_plural))


class AsideFilter(admin.SimpleListFilter):
    """Jobs that no worker touches before a person has acted."""

    title, parameter_name = _("set aside"), "aside"

    def lookups(
        self, _request: HttpRequest, _model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, Any]]:
        return [("1", _("waits for a person")), ("0", _("goes by itself"))]

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return rows
        return rows.filter(quarantined_at__isnull=self.value() == "0")


class StateFilter(admin.SimpleListFilter):
    """By the states of this kind of job."""

    title, parameter_name = _("state"), "state"

    def lookups(
        self, _request: HttpRequest, model_admin: "admin.ModelAdmin[Any]"
    ) -> list[tuple[str, Any]]:
        return list(model_admin.model._meta.get_field("state").choices or [])

    def queryset(self, _request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(state=self.value()) if self.value() else rows


class JobAdmin(Watched[Work]):
    """Any kind of job. No identifier of a scan, no name, no address is among its columns."""

    group = Group.JOBS
    about = _("States and times only.")
    list_filter = (AsideFilter, StateFilter)

    @property
    def title(self) -> str:
        """What the kind is called; a new one by its model, until somebody names it here."""
        return kind_name(self.model)

    def get_ordering(self, _request: HttpRequest) -> list[Any]:
        return [F("quarantined_at").desc(nulls_last=True), "-next_attempt_at", "-id"]

    def tools(self, obj: Work) -> list[Tool]:
        if obj.quarantined_at is None:
            return []
        job = [self.model._meta.label_lower, obj.practice_id, obj.pk]
        return [(str(_("Try again …")), reverse("retry_job", args=job))]


class WorkAdmin(JobAdmin):
    """A kind of job of which nothing more is to be said."""

    list_display = (
        "id",
        "practice",
        "state",
        "attempts",
        "failures",
        "quarantined_at",
        "last_error",
    )
    fields = (*list_display, "next_attempt_at", "leased_until")


class ErasureAdmin(JobAdmin):
    """Erasures, with the reason and how they ended."""

    list_display = (
        "id",
        "practice",
        "reason",
        "state",
        "requested_at",
        "verified_at",
        "last_error",
    )
    fields = (*list_display, "attempts", "failures", "quarantined_at", "next_attempt_at")


for model in apps.get_models():
    if issubclass(model, Work):
        kind = ErasureAdmin if model._meta.label == "retention.Erasure" else WorkAdmin
        site.register(model, kind)
