"""Pages that only have to be shown."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from onboarding.domain.texts import current_text
from onboarding.models import LegalText
from website.domain.sample import sample_page
from website.domain.transparency import evidence
from website.views.public import public_page, show

PLAIN = ("security", "privacy", "imprint", "accessibility", "knowledge")
ARTICLES = ("checklist", "scanner-clouds", "comparison-pictures")


@require_safe
@public_page
def home(request: HttpRequest) -> HttpResponse:
    return show(request, "home", {"page": sample_page()})


@require_safe
@public_page
def plain(request: HttpRequest, name: str) -> HttpResponse:
    return show(request, name)


@require_safe
@public_page
def article(request: HttpRequest, name: str) -> HttpResponse:
    if name not in ARTICLES:
        raise Http404
    return show(request, name)


@require_safe
@public_page
def legal(request: HttpRequest, kind: str) -> HttpResponse:
    """The edition in force of one of the texts that practices accept."""
    if kind not in LegalText.Kind:
        raise Http404
    text = current_text(kind, get_language() or "de")
    return show(request, "legal", {"text": text, "digest": bytes(text.digest).hex()})


@require_safe
@public_page
def transparency(request: HttpRequest) -> HttpResponse:
    return show(request, "transparency", {"evidence": evidence()})
