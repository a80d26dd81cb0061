"""All addresses. The first part is the language, but for what services call; apps are strings."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("reports.hook_urls")),
    path("", include("dermalia.health")),
    path("", include("website.root_urls")),
]
urlpatterns += i18n_patterns(
    path("", include("website.urls")),
    path("", include("practices.urls")),
    path("", include("reports.urls")),
    path("", include("retention.urls")),
    path("", include("onboarding.urls")),
    path("", include("operators.public_urls")),
    path("", include("exports.urls")),
    path("", include("closing.urls")),
    path("", include("documents.urls")),
)
