"""The administrators themselves, their links, and what they have stated."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from operators.admin.base import Tool, Watched
from operators.domain.links import waiting_links
from operators.domain.statements import is_as_stated
from operators.models import Operator, OperatorLink, Statement
from operators.site import Group, site


@admin.register(Operator, site=site)
class OperatorAdmin(Watched[Operator]):
    group, named = Group.RECORD, _("Administrators")
    about = _(
        "Who may come in here. A new administrator is made on the server by operator_link, and a"
        " colleague confirms the link."
    )
    list_display = ("name", "is_active", "passkeys_held", "created_at")
    fields = ("name", "is_active", "passkeys_held", "created_at")
    readonly_fields = ("passkeys_held",)
    ordering = ("-is_active", "name")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Operator]:
        return super().get_queryset(request).annotate(held=Count("passkeys"))

    @admin.display(description=_("passkeys"))
    def passkeys_held(self, who: Any) -> int:
        return int(who.held)

    def tools(self, obj: Operator) -> list[Tool]:
        if not obj.is_active:
            return []
        return [(str(_("Deactivate …")), reverse("deactivate_operator", args=[obj.handle]))]


@admin.register(OperatorLink, site=site)
class OperatorLinkAdmin(Watched[OperatorLink]):
    group, named = Group.RECORD, _("Enrolment links")
    about = _(
        "Confirm a link only when its holder has asked you themselves, face to face or by voice."
    )
    list_display = ("operator", "kind", "issued_at", "expires_at", "used_at", "confirmed_by")
    fields = (*list_display, "confirmed_at")
    ordering = ("-issued_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OperatorLink]:
        return super().get_queryset(request).select_related("operator", "confirmed_by")

    def tools(self, obj: OperatorLink) -> list[Tool]:
        if not waiting_links().filter(pk=obj.pk).exists():
            return []
        return [(str(_("Confirm this link …")), reverse("confirm_link", args=[obj.pk]))]


@admin.register(Statement, site=site)
class StatementAdmin(Watched[Statement]):
    group, named = Group.RECORD, _("Stated reasons")
    about = _("What was stated, and whether its words are still those that the log vouches for.")
    list_display = ("stated_at", "by", "text", "vouched_for")
    fields = ("id", *list_display)
    readonly_fields = ("id", "vouched_for")
    ordering = ("-stated_at",)
    list_select_related = ("by",)

    @admin.display(description=_("as stated"), boolean=True)
    def vouched_for(self, statement: Statement) -> bool:
        return is_as_stated(statement)
