"""Django's admin with its doors replaced: read-only, on record, and without a password anywhere."""

from collections.abc import Callable
from typing import Any, Protocol, cast

from django.contrib.admin import AdminSite
from django.db.models import Model, TextChoices
from django.http import HttpRequest, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from operators.access import stopped

# What Django's site offers and this one does not: passwords, its own doors, ways around the log.
WITHOUT = {
    "login",
    "logout",
    "password_change",
    "password_change_done",
    "autocomplete",
    "jsi18n",
    "view_on_site",
    "app_list",
}
Overview = Callable[[HttpRequest], dict[str, Any]]


class Group(TextChoices):
    """What lists are about, in the order they are shown."""

    PRACTICES = "practices", _("Practices")
    JOBS = "jobs", _("Jobs")
    INCIDENTS = "incidents", _("Incidents")
    RECORD = "record", _("On record")


class Listed(Protocol):
    """What every list of this site says of itself (``operators.admin.base``)."""

    group: Group

    @property
    def title(self) -> str: ...


def list_address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")


class OperatorSite(AdminSite):
    """The admin of the service; its pages open to operators only (``operators.access``)."""

    site_header = site_title = _("Dermalia administration")
    index_title = _("Overview")
    final_catch_all_view = False
    site_url = ""
    # Told by the room that knows what is urgent; looking at it is on record there.
    overview: Overview | None = None

    def has_permission(self, request: HttpRequest) -> bool:
        return stopped(request) is None

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:  # noqa: ARG002
        """Every page of the site, whatever Django thinks of caching it."""

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            found: HttpResponseBase = stopped(request) or view(request, *args, **kwargs)
            return found

        return csrf_protect(never_cache(guarded))

    def get_app_list(
        self,
        request: HttpRequest,  # noqa: ARG002 (everybody inside sees the same)
        app_label: str | None = None,  # noqa: ARG002
    ) -> list[Any]:
        """Lists by what they are about rather than by the room their model lives in."""
        groups: dict[str, list[dict[str, str]]] = {str(group.label): [] for group in Group}
        for model, admin in self._registry.items():
            listed = cast(Listed, admin)
            address = {"name": listed.title, "admin_url": list_address(model)}
            groups[str(listed.group.label)].append(address)
        return [{"name": name, "models": models} for name, models in groups.items()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        told = self.overview(request) if self.overview else {}
        return super().index(request, {**told, **(extra_context or {})})

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [each for each in super().get_urls() if getattr(each, "name", None) not in WITHOUT]


site = OperatorSite(name="admin")
