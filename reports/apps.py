from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from dermalia.mail.port import register as register_outbox
        from dermalia.work.steps import Step, register
        from reports.domain.creation import create_report
        from reports.domain.fates import WAITING
        from reports.domain.outbox import ASKED
        from reports.domain.staff_mail import StaffOutbox
        from reports.models import Delivery, StaffMail
        from scans.signals import scan_ready

        for state in (*WAITING, *ASKED):
            register(Step(Delivery, state, "reports.tasks.deliver", "mail"))
            register(Step(StaffMail, state, "reports.tasks.deliver_staff_mail", "mail"))
        register_outbox(StaffOutbox())
        scan_ready.connect(create_report, dispatch_uid="reports.create_report")
