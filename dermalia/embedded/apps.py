from django.apps import AppConfig


class EmbeddedConfig(AppConfig):
    name = "dermalia.embedded"
    label = "embedded"
