"""What search engines ask for."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe

from onboarding.models import LegalText
from website.views.pages import ARTICLES, PLAIN


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Public pages may be indexed, links of patients never."""
    closed = [f"Disallow: /{code}/r/" for code, _name in settings.LANGUAGES]
    lines = ["User-agent: *", *closed, f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page, each with its address in every language."""
    pages = [
        [(code, request.build_absolute_uri(path)) for code, path in versions]
        for versions in zip(*(_paths(code) for code, _name in settings.LANGUAGES), strict=True)
    ]
    body = render_to_string("website/sitemap.xml", {"pages": pages})
    return HttpResponse(body, content_type="application/xml; charset=utf-8")


def public_paths(language: str) -> list[str]:
    """The address of every page that may be found, without the host."""
    return [path for _code, path in _paths(language)]


def _paths(language: str) -> list[tuple[str, str]]:
    with override(language):
        paths = [
            reverse("public:home"),
            *(reverse(f"public:{name}") for name in PLAIN),
            *(reverse("public:article", args=[name]) for name in ARTICLES),
            *(reverse("public:legal", args=[kind.value]) for kind in LegalText.Kind),
            reverse("public:transparency"),
            reverse("public:contact"),
        ]
    return [(language, path) for path in paths]
