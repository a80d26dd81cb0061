from django.urls import path

from closing.views import certificate, contract, everything

app_name = "closing"
urlpatterns = [
    path("settings/erase-everything/", everything.everything, name="everything"),
    path("settings/contract-end/", contract.contract, name="contract"),
    path("settings/contract-end/notice/", contract.notice, name="notice"),
    path("settings/contract-end/choice/", contract.choice, name="choice"),
    path("settings/contract-end/confirm/", contract.confirm, name="confirm"),
    path("settings/contract-end/withdraw/", contract.withdraw_notice, name="withdraw"),
    path("settings/contract-end/now/", contract.now, name="now"),
    path(
        "certificate/<int:practice_id>/<uuid:certificate_id>/",
        certificate.certificate,
        name="certificate",
    ),
    path(
        "certificate/<int:practice_id>/<uuid:certificate_id>/pdf",
        certificate.certificate_pdf,
        name="certificate_pdf",
    ),
    path(
        "certificate/<int:practice_id>/<uuid:certificate_id>/json",
        certificate.certificate_json,
        name="certificate_json",
    ),
]
