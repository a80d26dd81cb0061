from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "reports"

    def ready(self) -> None:
        from dermalia.work.steps import Step, register
        from reports.domain.creation import create_report
        from reports.models import Delivery
        from scans.signals import scan_ready

        register(Step(Delivery, Delivery.State.QUEUED, "reports.tasks.deliver", "mail"))
        scan_ready.connect(create_report, dispatch_uid="reports.create_report")
