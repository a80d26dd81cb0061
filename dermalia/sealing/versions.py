"""What a bucket holds under a name, in all its versions."""

from typing import Any


class Versions:
    """Listings of one bucket, by several threads if need be.

    Args:
        client: S3, as boto3 gives it.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._unknown = False  # to a server that knows no versions, as it told us

    def of(self, beginning: str) -> list[dict[str, str]]:
        """Each version and delete marker of each object whose name begins so, in the words in
        which it is deleted."""
        if not self._unknown:
            try:
                return self._versions(beginning)
            except self._client.exceptions.ClientError as error:
                if error.response["Error"]["Code"] != "NotImplemented":
                    raise
            self._unknown = True
        # It keeps none either.
        return [{"Key": entry["Key"]} for entry in self._pages("list_objects_v2", beginning)]

    def _versions(self, beginning: str) -> list[dict[str, str]]:
        found = self._pages("list_object_versions", beginning, "Versions", "DeleteMarkers")
        return [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]

    def _pages(self, request: str, beginning: str, *kinds: str) -> list[Any]:
        pages = self._client.get_paginator(request).paginate(Bucket=self._bucket, Prefix=beginning)
        return [
            one for page in pages for kind in kinds or ("Contents",) for one in page.get(kind, [])
        ]
