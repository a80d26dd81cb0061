from django.urls import path

from onboarding.views import (
    agreement,
    appearance,
    connections,
    live,
    particulars,
    processors,
    recipients,
    reports,
    retention,
    tasks,
    trial,
)

app_name = "onboarding"
urlpatterns = [
    path("tasks/", tasks.task_list, name="tasks"),
    path("tasks/practice/", particulars.practice, name="practice"),
    path("tasks/billing/", particulars.billing, name="billing"),
    path("tasks/officer/", particulars.oversight, name="oversight"),
    path("tasks/retention/", particulars.release, name="retention"),
    path("tasks/duties/", particulars.duties, name="documents"),
    path("tasks/test/", trial.trial, name="trial"),
    path("tasks/test/start/", trial.start_one, name="start_trial"),
    path("tasks/test/capture/", trial.capture, name="capture_trial"),
    path("tasks/test/on/", trial.go_on, name="advance_trial"),
    path("tasks/test/erase/", trial.erase_it, name="erase_trial"),
    path("tasks/test/stop/", trial.stop_it, name="stop_trial"),
    path("tasks/live/", live.go_live, name="go_live"),
    path("agreement/", agreement.agreement, name="agreement"),
    path("agreement/<uuid:acceptance_id>/", agreement.accepted_texts, name="accepted_texts"),
    path("agreement/<str:kind>/", agreement.read, name="read_text"),
    path("agreement/<uuid:acceptance_id>/pdf", agreement.document, name="agreement_pdf"),
    path("settings/", reports.index, name="settings"),
    path("settings/reports/", reports.reports, name="reports"),
    path("settings/appearance/", appearance.appearance, name="appearance"),
    path("settings/appearance/logo", appearance.logo, name="logo"),
    path("settings/retention/", retention.instructions, name="instructions"),
    path("settings/recipients/", recipients.recipients, name="recipients"),
    path("settings/recipients/<uuid:recipient_id>/end/", recipients.end_one, name="end_recipient"),
    path("settings/processors/", processors.processors, name="processors"),
    path("settings/processors/<slug:key>/object/", processors.object_to, name="object_to"),
    path(
        "settings/processors/<slug:key>/withdraw/", processors.withdraw, name="withdraw_objection"
    ),
    path("settings/scanners/", connections.scanners, name="scanners"),
    path("settings/scanners/account/", connections.add_account, name="add_account"),
    path("settings/scanners/folder/", connections.add_folder, name="add_folder"),
    path("settings/scanners/silence/", connections.silence, name="silence"),
    path("settings/scanners/<int:connection_id>/test/", connections.test, name="test_scanner"),
    path("settings/scanners/<int:connection_id>/pause/", connections.pause, name="pause_scanner"),
    path(
        "settings/scanners/<int:connection_id>/resume/", connections.resume, name="resume_scanner"
    ),
]
