"""All addresses. The first part of each is the language; apps are named as strings."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

urlpatterns = i18n_patterns(
    path("", include("practices.public_urls")),
    path("", include("practices.urls")),
    path("", include("reports.urls")),
    path("", include("retention.urls")),
)
