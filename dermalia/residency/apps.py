from django.apps import AppConfig
from django.conf import settings


class ResidencyConfig(AppConfig):
    name = "dermalia.residency"
    label = "residency"

    def ready(self) -> None:
        from dermalia.residency.regions import require_allowed

        require_allowed(settings.DECLARED_REGIONS)
