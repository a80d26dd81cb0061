from django.apps import AppConfig


class SealingConfig(AppConfig):
    name = "dermalia.sealing"
    label = "sealing"
