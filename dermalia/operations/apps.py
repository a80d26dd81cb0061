from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "dermalia.operations"
    label = "operations"

    def ready(self) -> None:
        from dermalia import redact
        from dermalia.operations import secrets
        from dermalia.operations.logs import everywhere
        from dermalia.operations.metrics import tasks

        redact.learn(secrets.of_settings())
        everywhere.connect()
        tasks.connect()
