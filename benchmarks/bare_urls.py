"""The application's addresses with bare views beside them, to compare with."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from dermalia import urls
from practices.models import Practice


def bare(_request: HttpRequest) -> HttpResponse:
    """As little as a view with one query can do."""
    return HttpResponse(Practice.objects.values_list("name", flat=True)[0])


urlpatterns = [path("bare/", bare), *urls.urlpatterns]
