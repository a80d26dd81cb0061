from django.apps import AppConfig
from django.core.checks import register


class WorkConfig(AppConfig):
    name = "dermalia.work"
    label = "work"

    def ready(self) -> None:
        from dermalia.work import shutdown  # noqa: F401 - connects its signal
        from dermalia.work.checks import check_jobs

        register(check_jobs, "jobs")
