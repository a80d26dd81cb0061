from django.urls import path

from reports.views import dashboard, patient

app_name = "reports"
urlpatterns = [
    path("r/<str:link>/", patient.patient, name="patient"),
    path("r/<str:link>/files/<uuid:asset_id>", patient.patient_file, name="patient_file"),
    path("scans/", dashboard.scan_list, name="scan_list"),
    path("scans/<uuid:scan_id>/", dashboard.scan_detail, name="scan_detail"),
    path("scans/<uuid:scan_id>/files/<uuid:asset_id>", dashboard.scan_file, name="scan_file"),
]
