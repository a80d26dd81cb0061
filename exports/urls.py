from django.urls import path

from exports import views

app_name = "exports"
urlpatterns = [
    path("settings/export/", views.export, name="export"),
    path("settings/export/start/", views.start, name="start"),
    path("settings/export/<uuid:export_id>/file", views.download, name="download"),
    path("settings/export/<uuid:export_id>/end/", views.end, name="end"),
]
