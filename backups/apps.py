from django.apps import AppConfig


class BackupsConfig(AppConfig):
    name = "backups"

    def ready(self) -> None:
        from backups.domain.outbox import note_erased
        from scans.signals import scans_erased

        scans_erased.connect(note_erased, dispatch_uid="backups.note_erased")
