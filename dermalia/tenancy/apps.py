from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "dermalia.tenancy"
    label = "tenancy"
