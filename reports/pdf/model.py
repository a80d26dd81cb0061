"""What is handed to the typesetter."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file within the PDF that holds the same content for machines."""

    name: str
    media_type: str
    description: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """A document and everything it refers to. The same source gives the same bytes.

    Attributes:
        html: the whole document; ``asset:<name>`` addresses name its ``pictures`` and nothing else.
        style: the style sheet.
        pictures: image files (JPEG, PNG or WebP) by name.
        created: the date the PDF bears; with a time zone.
    """

    html: str
    style: str
    attachment: Attachment
    created: datetime
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    def digest(self) -> bytes:
        """SHA-256 over all of it."""
        attachment = self.attachment
        texts = [
            *(self.html, self.style, self.created.isoformat()),
            *(attachment.name, attachment.media_type, attachment.description),
        ]
        blobs = [attachment.data, *(self.pictures[name] for name in sorted(self.pictures))]
        parts = [*texts, *sorted(self.pictures), *(hashlib.sha256(b).hexdigest() for b in blobs)]
        return hashlib.sha256(json.dumps(parts).encode()).digest()
