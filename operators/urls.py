"""All addresses of the admin's host; on any other host there is none of them."""

from django.urls import URLPattern, URLResolver, path

from operators import admin  # registers what the site shows
from operators.site import site
from operators.views import door, errand, incidents, jobs, passkeys, people, reports

assert admin

_INCIDENT = "incidents/<uuid:incident_id>/"
_REPORT = "reports/<int:practice_id>/<uuid:report_id>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", door.sign_in, name="sign_in"),
    path("sign-in/question/", door.question, name="question"),
    path("sign-out/", door.sign_out, name="sign_out"),
    path("enter/<str:secret>/", door.enter, name="enter"),
    path("passkeys/", passkeys.passkeys, name="passkeys"),
    path("passkeys/question/", passkeys.new_question, name="new_question"),
    path("passkeys/add/", passkeys.add, name="add_passkey"),
    path("passkeys/unlock/", passkeys.unlock, name="unlock_passkeys"),
    path("passkeys/<uuid:passkey_id>/remove/", passkeys.remove, name="remove_passkey"),
    path("errand/", errand.errand, name="errand"),
    path("links/<uuid:link_id>/confirm/", people.confirm_link, name="confirm_link"),
    path("people/<uuid:handle>/end/", people.deactivate_operator, name="deactivate_operator"),
    path("jobs/<str:label>/<int:practice_id>/<str:pk>/retry/", jobs.retry_job, name="retry_job"),
    path(f"{_REPORT}open/", reports.open_report, name="open_report"),
    path(_REPORT, reports.report, name="report"),
    path(f"{_REPORT}files/<uuid:asset_id>/", reports.report_file, name="report_file"),
    path("incidents/register/", incidents.register_incident, name="register_incident"),
    path(f"{_INCIDENT}change/", incidents.change_incident, name="change_incident"),
    path(f"{_INCIDENT}notice/<str:language>/", incidents.write_account, name="write_account"),
    path(f"{_INCIDENT}trace/", incidents.trace_incident, name="trace_incident"),
    path(f"{_INCIDENT}notify/", incidents.notify_practices, name="notify_practices"),
    path(f"{_INCIDENT}close/", incidents.close_incident, name="close_incident"),
    path("", site.urls),
]
