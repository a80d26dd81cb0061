from django.urls import path

from documents import views

app_name = "documents"
urlpatterns = [
    path("settings/documents/", views.document_list, name="list"),
    path("settings/documents/pack.zip", views.pack, name="pack"),
    path("settings/documents/<slug:key>/<slug:variant>/", views.read, name="read"),
    path("settings/documents/<slug:key>/<slug:variant>/<slug:form>", views.download, name="file"),
]
