"""Addresses without a language: machines ask for them by these names."""

from django.urls import path

from website.views import machines

app_name = "machines"
urlpatterns = [
    path("robots.txt", machines.robots, name="robots"),
    path("sitemap.xml", machines.sitemap, name="sitemap"),
]
