from django.apps import AppConfig


class ScansConfig(AppConfig):
    name = "scans"

    def ready(self) -> None:
        from dermalia.work.steps import Step, register
        from scans.models import Detail, Scan

        register(Step(Scan, Scan.State.DISCOVERED, "scans.tasks.pull", "ingest"))
        register(Step(Scan, Scan.State.PULLED, "scans.tasks.pull", "ingest"))
        register(Step(Scan, Scan.State.STORED, "scans.tasks.convert", "convert"))
        register(Step(Detail, Detail.State.WANTED, "scans.tasks.convert_detail", "convert"))
