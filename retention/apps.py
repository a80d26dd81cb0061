from django.apps import AppConfig


class RetentionConfig(AppConfig):
    name = "retention"

    def ready(self) -> None:
        from dermalia.work.steps import Step, register
        from retention.models import Erasure

        register(Step(Erasure, Erasure.State.REQUESTED, "retention.tasks.erase", "erase"))
