from django.apps import AppConfig
from django.conf import settings


class ResidencyConfig(AppConfig):
    name = "dermalia.residency"
    label = "residency"

    def ready(self) -> None:
        from dermalia.residency.regions import require_allowed
        from dermalia.residency.register import mail_relay

        require_allowed(settings.DECLARED_REGIONS)
        mail_relay()  # refuses one outside the EEA
