"""What a conversion found and mended, in words for the practice."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scans.conversion.notes import Note

NOTES: dict[str, str | Promise] = {
    Note.MATERIAL_MISSING: _(
        "The material file that the mesh names is missing; the colours may be others."
    ),
    Note.TEXTURE_MISSING: _(
        "A texture that the mesh names is missing; its part is shown in one plain colour."
    ),
    Note.TEXTURE_UNPLACED: _(
        "The mesh does not say where its textures belong; they are shown beside it."
    ),
    Note.NORMALS_MADE: _("The mesh has no surface directions; they were computed."),
    Note.UNIT_GUESSED: _("The file names no unit; the one that makes a head of it was taken."),
    Note.UNIT_CORRECTED: _("The unit in the file cannot be right; a fitting one was taken."),
    Note.SCALED_TO_HEAD: _(
        "No unit makes a head of this mesh; it was scaled to the size of one. Do not measure in it."
    ),
    Note.UP_AXIS_TURNED: _("The mesh lay on its back or side; it was turned upright."),
}
