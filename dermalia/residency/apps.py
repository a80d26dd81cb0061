from django.apps import AppConfig
from django.conf import settings
from django.core.checks import register


class ResidencyConfig(AppConfig):
    name = "dermalia.residency"
    label = "residency"

    def ready(self) -> None:
        from dermalia.residency import guard
        from dermalia.residency.announced import announced
        from dermalia.residency.checks import check_contracts, check_residency
        from dermalia.residency.hosting import hosting
        from dermalia.residency.regions import require_allowed
        from dermalia.residency.register import mail_relay
        from dermalia.residency.transfers import on_record

        require_allowed(settings.DECLARED_REGIONS)
        register(check_residency, "residency")
        register(check_contracts, "residency", deploy=True)
        hosting()  # refuses, as the next one, whoever is outside the EEA
        mail_relay()
        on_record(), announced()  # nonsense is to be seen now
        guard.install()
