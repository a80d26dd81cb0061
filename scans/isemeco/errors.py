"""What can go wrong with the manufacturer's cluster, in words a person can act on.

No message and no chained exception carries a token, a secret, an address with its signature, or
anything a manifest said about a person: these errors end up in logs and on the dashboard.
"""

from __future__ import annotations

from scans.errors import SourceError


class ClusterError(SourceError):
    """Base of all."""


class CredentialsRefused(ClusterError):
    """The cluster does not accept this practice's access data."""


class ScanGone(ClusterError):
    """The scan, or one of its files, is not on the cluster (any more)."""


class AssetExpired(ClusterError):
    """The download address is over its time; a new manifest holds new addresses."""

    worth_retrying = True


class ContractBroken(ClusterError):
    """An answer does not follow the contract; asking again would bring the same."""


class AddressRefused(ClusterError):
    """An address was not called: it points away from the cluster or may not be called at all."""


class SizeMismatch(ClusterError):
    """A file is longer or shorter than the manifest says."""

    worth_retrying = True


class ClusterFault(ClusterError):
    """The cluster does not answer, or not usefully."""

    worth_retrying = True


class TokenRefused(ClusterFault):
    """The cluster refuses a token that it has just given out for these access data."""


class RedirectRefused(ClusterFault):
    """The cluster sent us elsewhere; we go nowhere but to the cluster."""


class Busy(ClusterFault):
    """The cluster asks for a pause of ``retry_after`` seconds (None if it named none)."""

    def __init__(self, retry_after: float | None = None) -> None:
        pause = "later" if retry_after is None else f"in {retry_after:.0f} s"
        super().__init__(f"The Isemeco cluster is busy; try again {pause}.")
        self.retry_after = retry_after
