from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register


class WorkConfig(AppConfig):
    name = "dermalia.work"
    label = "work"

    def ready(self) -> None:
        # Shared tasks find their broker once this is loaded. Here, as not all that imports the
        # project is Django: the child that typesets starts a quarter quicker without Celery. By
        # name, as it stands above this package.
        import_module("dermalia.celery")
        from dermalia.work import shutdown  # noqa: F401 - connects its signal
        from dermalia.work.checks import check_jobs

        register(check_jobs, "jobs")
