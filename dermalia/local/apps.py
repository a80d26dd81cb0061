from django.apps import AppConfig


class LocalConfig(AppConfig):
    name = "dermalia.local"
    label = "local"
