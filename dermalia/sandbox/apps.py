from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "dermalia.sandbox"
    label = "sandbox"
