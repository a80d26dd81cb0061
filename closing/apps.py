from django.apps import AppConfig


class ClosingConfig(AppConfig):
    name = "closing"

    def ready(self) -> None:
        from backups.signals import ledger_replayed
        from closing.domain.again import close_restored
        from closing.domain.handover import confirmation_file
        from closing.domain.standing import ClosingStanding
        from closing.models import Everything
        from dermalia.work.steps import Step, register
        from exports.domain.extras import register_extra
        from practices.domain import standing

        for state in Everything.UNFINISHED:
            register(Step(Everything, state, "closing.tasks.erase", "erase"))
        register_extra(confirmation_file)
        ledger_replayed.connect(close_restored, dispatch_uid="closing.close_restored")
        # Comes after the room that knows: a practice that ends takes nothing in any more.
        standing.register(ClosingStanding(standing.standing()))
