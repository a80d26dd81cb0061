from django.urls import path

from retention.views import bulk, erasure

app_name = "retention"
urlpatterns = [
    path("scans/erase/", bulk.bulk_erasure, name="bulk_erasure"),
    path("scans/<uuid:scan_id>/erase/", erasure.confirm_erasure, name="confirm_erasure"),
    path("erasures/<uuid:erasure_id>/", erasure.receipt, name="receipt"),
]
