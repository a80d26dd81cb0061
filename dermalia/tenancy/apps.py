from django.apps import AppConfig
from django.core.checks import Tags, register


class TenancyConfig(AppConfig):
    name = "dermalia.tenancy"
    label = "tenancy"

    def ready(self) -> None:
        from dermalia.tenancy.checks import database_as_the_models_say

        register(database_as_the_models_say, Tags.database)
