"""Addresses that services call; they have no language."""

from django.urls import path

from reports.views import hooks

app_name = "hooks"
urlpatterns = [path("hooks/resend/", hooks.resend_hook, name="resend")]
