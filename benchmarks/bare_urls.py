"""The application's addresses with bare views beside them, to compare with."""

from typing import cast

from django.core.files.storage import storages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from storages.backends.s3 import S3Storage

from dermalia import urls
from practices.models import Practice

PIECE = 1 << 20


def bare(_request: HttpRequest) -> HttpResponse:
    """As little as a view with one query can do."""
    return HttpResponse(Practice.objects.values_list("name", flat=True)[0])


def bare_object(_request: HttpRequest, name: str) -> StreamingHttpResponse:
    """An object as it lies in storage."""
    stored = cast(S3Storage, storages["objects"]).bucket.Object(name).get()
    body = stored["Body"]
    response = StreamingHttpResponse(iter(lambda: body.read(PIECE), b""))
    response.headers["Content-Length"] = str(stored["ContentLength"])
    return response


urlpatterns = [
    path("bare/", bare),
    path("bare/object/<str:name>", bare_object),
    *urls.urlpatterns,
]
