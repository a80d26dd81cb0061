from django.apps import AppConfig


class WorkConfig(AppConfig):
    name = "dermalia.work"
    label = "work"
