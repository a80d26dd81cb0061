"""Finding what each application tells of itself."""

from django.utils.module_loading import autodiscover_modules


def discover() -> None:
    """Import ``watched`` of every application, which registers figures and checks.

    Only where somebody looks: a web server needs none of it.
    """
    autodiscover_modules("watched")
