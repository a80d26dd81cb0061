"""The application in which a service to come is announced, for gunicorn in a browser's test."""

from datetime import timedelta

from django.utils import timezone

from dermalia.residency import register
from dermalia.residency.announced import NOTICE, Planned
from dermalia.residency.services import Service, TransferBasis
from dermalia.wsgi import application

__all__ = ["application"]

DAY = timezone.localdate() + timedelta(days=20)
register.PLANNED = (
    Planned(
        Service(
            key="demo",
            entity="Demo Service GmbH",
            country="DE",
            purpose="Demo",
            hosts=("api.demo.example.org",),
            transfer_basis=TransferBasis.NONE_NEEDED,
        ),
        announced_on=DAY - NOTICE,
        valid_from=DAY,
    ),
)
