"""Opening the way to a practice's scanner."""

from dermalia.residency import egress
from dermalia.sealing.fields import Sealing
from dermalia.sealing.keys import unlock_secrets
from dermalia.work.lease import WorkFailed
from practices.models import Practice
from scans.isemeco import IsemecoClient
from scans.isemeco.errors import Busy, ClusterError
from scans.models import Connection


def connect(*, practice: Practice, base_url: str, client_id: str, client_secret: str) -> Connection:
    """Store a practice's account in the cluster, its secret sealed (in the practice's scope)."""
    return Connection.objects.create(
        practice=practice,
        base_url=base_url,
        client_id=client_id,
        client_secret=Sealing(unlock_secrets(), client_secret),
    )


def open_source(connection: Connection) -> IsemecoClient:
    """A client for the cluster, behind the egress guard (in the practice's scope)."""
    return IsemecoClient(
        base_url=connection.base_url,
        client_id=connection.client_id,
        client_secret=connection.client_secret.open(unlock_secrets()),
        session=egress.session(),
    )


def as_work_failure(error: ClusterError) -> WorkFailed:
    """What a row says about an error of the cluster: when and whether to try again."""
    if isinstance(error, Busy):
        return WorkFailed(str(error), after=error.retry_after)
    return WorkFailed(str(error), retry=error.worth_retrying)
