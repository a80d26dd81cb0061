from django.urls import path

from retention.views import bulk, erasure, held, receipts

app_name = "retention"
urlpatterns = [
    path("scans/erase/", bulk.bulk_erasure, name="bulk_erasure"),
    path("scans/<uuid:scan_id>/erase/", erasure.confirm_erasure, name="confirm_erasure"),
    path("erasures/", receipts.erasure_list, name="erasures"),
    path("erasures/held/", held.held, name="held"),
    path("erasures/together/<uuid:batch_id>/", bulk.progress, name="batch"),
    path("erasures/<uuid:erasure_id>/", receipts.receipt, name="receipt"),
    path("erasures/<uuid:erasure_id>/pdf/", receipts.receipt_pdf, name="receipt_pdf"),
    path("erasures/<uuid:erasure_id>/json/", receipts.receipt_json, name="receipt_json"),
]
