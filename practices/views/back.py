"""The page somebody wanted before they were asked who they are, and the same in other words."""

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language


def way_back(request: HttpRequest) -> str:
    """The page named by ``next`` if it is one of ours, otherwise the list of scans."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    # A path alone: no host, no scheme, nothing a browser would read as either.
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if ours else reverse("reports:scan_list")


def language_links(request: HttpRequest) -> list[tuple[str, str, str, bool]]:
    """The same page in each language: code, name, address, whether it is this one."""
    here = request.get_full_path()
    return [
        (code, name, translate_url(here, code), code == get_language())
        for code, name in settings.LANGUAGES
    ]
