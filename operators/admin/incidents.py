"""The register of incidents, and how far its notices have come."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from operators.admin.base import Tool, Watched
from operators.domain.incidents import finished, note_arrivals, notices_of
from operators.models import Account, Incident, Notice
from operators.models.incidents import TELL_PRACTICES
from operators.site import Group, site
from practices.models import Language


@admin.register(Incident, site=site)
class IncidentAdmin(Watched[Incident]):
    group, named = Group.INCIDENTS, _("Incidents")
    about = _("Practices are to know within 24 hours after we noticed.")
    list_display = ("reference", "noticed_at", "severity", "clock", "practices_told", "closed_at")
    list_filter = ("severity",)
    fields = (
        "clock",
        "noticed_at",
        "discovery",
        "happened_from",
        "happened_to",
        "severity",
        "kinds",
        "data",
        "next_update_at",
        "registered_at",
        "closed_at",
    )
    readonly_fields = ("clock", "kinds", "data")
    ordering = ("-noticed_at",)
    change_form_template = "operators/incident.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Incident]:
        return (
            super()
            .get_queryset(request)
            .annotate(
                found=Count("notices"),
                told=Count("notices", filter=Q(notices__told_at__isnull=False)),
                arrived=Count("notices", filter=Q(notices__arrived_at__isnull=False)),
            )
        )

    @admin.display(description=_("incident"), ordering="noticed_at")
    def reference(self, incident: Incident) -> str:
        return incident.reference

    @admin.display(description=_("24 hours"))
    def clock(self, incident: Any) -> str:
        """How much of the 24 hours is left, or by how much they were exceeded."""
        if incident.closed_at:
            return gettext("closed")
        if incident.found and incident.told == incident.found:
            return gettext("all practices told")
        left = incident.noticed_at + TELL_PRACTICES - timezone.now()
        if left < timedelta():
            return gettext("overdue since %(hours)s h") % {"hours": _hours(-left)}
        return gettext("%(hours)s h left") % {"hours": _hours(left)}

    @admin.display(description=_("practices told"))
    def practices_told(self, incident: Any) -> str:
        return f"{incident.told} / {incident.found}"

    @admin.display(description=_("kinds of breach"))
    def kinds(self, incident: Incident) -> str:
        return "; ".join(str(Incident.Nature(each).label) for each in incident.natures)

    @admin.display(description=_("data affected"))
    def data(self, incident: Incident) -> str:
        return "; ".join(str(Incident.DataClass(each).label) for each in incident.data_classes)

    def list_tools(self) -> list[Tool]:
        return [(gettext("Register an incident …"), reverse("register_incident"))]

    def tools(self, obj: Incident) -> list[Tool]:
        if obj.closed_at:
            return []
        accounts = Account.objects.filter(incident=obj)
        written = {account.language for account in accounts if finished(account)}
        notices = [
            (
                gettext("Notice in %(language)s") % {"language": language.label}
                + ("" if language in written else " …"),
                reverse("write_account", args=[obj.pk, language.value]),
            )
            for language in Language
        ]
        return [
            (gettext("Complete …"), reverse("change_incident", args=[obj.pk])),
            (gettext("Whom does it affect? …"), reverse("trace_incident", args=[obj.pk])),
            *notices,
            (gettext("Tell the practices …"), reverse("notify_practices", args=[obj.pk])),
            (gettext("Close …"), reverse("close_incident", args=[obj.pk])),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        note_arrivals()
        found = self.get_object(request, object_id)
        told = list(notices_of(found).order_by("practice_id")) if found else []
        context = {"notices": told, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)


@admin.register(Notice, site=site)
class NoticeAdmin(Watched[Notice]):
    group, named = Group.INCIDENTS, _("Notices to practices")
    list_display = ("practice", "found_at", "reports", "gone", "told_at", "arrived_at", "read_at")
    fields = (
        "practice",
        "found_at",
        "reports",
        "gone",
        "entries",
        "told_at",
        "arrived_at",
        "read_at",
    )
    ordering = ("-found_at",)


def _hours(span: timedelta) -> int:
    return int(span.total_seconds() // 3600)
