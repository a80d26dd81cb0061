from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "exports"

    def ready(self) -> None:
        from dermalia.work.steps import Step, register
        from exports.models import Export

        register(Step(Export, Export.State.PREPARING, "exports.tasks.prepare", "convert"))
