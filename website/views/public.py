"""How pages that anybody may read leave: findable, the same for everybody, without a cookie."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import translate_url
from django.utils.translation import get_language
from django.views.decorators.gzip import gzip_page

from dermalia.context import operator
from practices.views.back import language_links
from website.domain.facts import facts

View = Callable[..., HttpResponse]
FRESH_SECONDS = 300


def public_page(view: View) -> View:
    """Let search engines and shared caches have a page that says nothing of its reader."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200 and request.method in {"GET", "HEAD"}:
            response.headers.setdefault("Cache-Control", f"public, max-age={FRESH_SECONDS}")
            response.headers["X-Robots-Tag"] = "all"
        return response

    # Compression gives away secrets that lie beside what an attacker may choose; here are none.
    return gzip_page(wrapped)


def show(
    request: HttpRequest, name: str, more: dict[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page's own template in the language in force: each is written twice, not translated."""
    language = get_language() or "de"
    context = {
        **operator(request),
        **facts(),
        "here": name,
        "language_links": language_links(request),
        "alternates": [
            (code, request.build_absolute_uri(translate_url(request.path, code)))
            for code in ("de", "en")
        ],
        **(more or {}),
    }
    return render(request, f"website/pages/{name}.{language}.html", context, status=status)
