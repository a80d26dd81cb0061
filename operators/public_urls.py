"""What practices see of Dermalia's administrators, in their dashboard."""

from django.urls import path

from operators.views import service

app_name = "service"
urlpatterns = [
    path("service/", service.access, name="access"),
    path("service/notices/<uuid:notice_id>/", service.notice, name="notice"),
]
