"""What can go wrong with a conversion, as codes a program and sentences a person can act on."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why a capture could not be converted. The values are stored and shown: never rename one."""

    BAD_REQUEST = "bad_request"
    NO_MESH = "no_mesh"
    UNSUPPORTED_FORMAT = "unsupported_format"
    UNREADABLE_MESH = "unreadable_mesh"
    EMPTY_MESH = "empty_mesh"
    DAMAGED_MESH = "damaged_mesh"
    SEVERAL_ATLASES = "several_atlases"
    SIDE_FILE_MISSING = "side_file_missing"
    TEXTURE_REPEATS = "texture_repeats"
    UNREADABLE_IMAGE = "unreadable_image"
    TOO_LARGE = "too_large"
    TIMEOUT = "timeout"
    BUSY = "busy"
    CRASHED = "crashed"
    KILLED = "killed"
    NOT_READY = "not_ready"


def _(sentence: str) -> str:
    """Marks a sentence for translation; that is done where it is shown, here is no Django."""
    return sentence


_MESSAGES: dict[ErrorCode, str] = {
    ErrorCode.BAD_REQUEST: _(
        "The capture's file list is not usable: a kind, light or metric is unknown, missing or "
        "given twice. Export the capture again."
    ),
    ErrorCode.NO_MESH: _("The capture holds no mesh, or more than one. Export one mesh again."),
    ErrorCode.UNSUPPORTED_FORMAT: _(
        "The mesh is not an OBJ, glTF or PLY file this version reads. Export it as one of these."
    ),
    ErrorCode.UNREADABLE_MESH: _("The mesh file is damaged or incomplete. Transfer it again."),
    ErrorCode.EMPTY_MESH: _(
        "The mesh file has no triangles; a point cloud cannot be shown. Export a mesh."
    ),
    ErrorCode.DAMAGED_MESH: _("Parts of the mesh would be lost in reading it. Export it again."),
    ErrorCode.SEVERAL_ATLASES: _(
        "The mesh spreads its colour over several textures, and the capture's files do not tell "
        "which belongs where. Export it with one texture."
    ),
    ErrorCode.SIDE_FILE_MISSING: _(
        "The mesh refers to another file with its geometry that is not part of the capture. Export "
        "both together, or as one GLB file."
    ),
    ErrorCode.TEXTURE_REPEATS: _(
        "The mesh repeats its texture like a pattern, which a photograph of a face cannot be. "
        "Export it with texture coordinates inside the image."
    ),
    ErrorCode.UNREADABLE_IMAGE: _(
        "A texture or overlay is damaged or is not a JPEG, PNG or WebP image. Transfer it again."
    ),
    ErrorCode.TOO_LARGE: _(
        "The capture is larger than this service accepts. Export it with fewer triangles or "
        "smaller images, and transfer it again."
    ),
    ErrorCode.TIMEOUT: _(
        "The conversion took longer than allowed. Export the capture with fewer triangles or "
        "smaller images, and transfer it again."
    ),
    ErrorCode.BUSY: _(
        "The conversion got too little of this machine's time. It is tried again by itself; if it "
        "stays like this, give the machine fewer scans at once."
    ),
    ErrorCode.CRASHED: _(
        "The conversion stopped unexpectedly. It is tried again by itself; if it stops again, "
        "export the capture again, and contact support if that does not help."
    ),
    ErrorCode.KILLED: _(
        "The conversion was stopped from outside, for lack of memory as a rule. It is tried again "
        "by itself."
    ),
    ErrorCode.NOT_READY: _(
        "The converter is not installed correctly: gltfpack's library.wasm is missing or is not "
        "the pinned version. Install it again."
    ),
}

# The same bytes may pass on another day or on another machine; everything else fails for good.
_TRANSIENT = frozenset({ErrorCode.BUSY, ErrorCode.CRASHED, ErrorCode.KILLED, ErrorCode.NOT_READY})


class ConversionError(Exception):
    """A capture that could not be converted.

    ``code`` is an `ErrorCode`, ``message`` a sentence a person can act on. ``where`` names the
    place in our own code (module and line) or the signal, for the log. None of the three holds
    file contents or names given by a client.
    """

    def __init__(self, code: ErrorCode, *, where: str = "") -> None:
        super().__init__(_MESSAGES[code])
        self.code = code
        self.where = where

    @property
    def message(self) -> str:
        """A sentence a person can act on."""
        return _MESSAGES[self.code]

    @property
    def is_permanent(self) -> bool:
        """True when trying the same files again cannot help."""
        return self.code not in _TRANSIENT
