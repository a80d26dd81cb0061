from django.urls import path

from reports.views import accent, dashboard, detail, patient, pdf

app_name = "reports"
urlpatterns = [
    path("r/<str:link>/", patient.patient, name="patient"),
    path("r/<str:link>/files/<uuid:asset_id>", patient.patient_file, name="patient_file"),
    path("r/<str:link>/pdf", pdf.patient_pdf, name="patient_pdf"),
    path("accent/<str:color>.css", accent.accent, name="accent"),
    path("scans/", dashboard.scan_list, name="scan_list"),
    path("scans/<uuid:scan_id>/", dashboard.scan_detail, name="scan_detail"),
    path("scans/<uuid:scan_id>/model/", detail.scan_model, name="scan_model"),
    path("scans/<uuid:scan_id>/files/<uuid:asset_id>", dashboard.scan_file, name="scan_file"),
    path("scans/<uuid:scan_id>/pdf", pdf.scan_pdf, name="scan_pdf"),
]
