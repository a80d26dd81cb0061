"""A practice's colour as a style sheet: the same for everybody who asks for the same colour."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from reports.domain.branding import stylesheet

FOR_A_YEAR = "public, max-age=31536000, immutable"


@require_safe
def accent(_request: HttpRequest, color: str) -> HttpResponse:
    """The colours that follow ``color`` (six hexadecimal digits), by day and by night."""
    try:
        style = stylesheet(color)
    except ValueError as error:
        raise Http404 from error
    response = HttpResponse(style, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = FOR_A_YEAR
    return response
