"""What a conversion found and mended, as codes."""

from enum import StrEnum


class Note(StrEnum):
    """What was not as it should be. The values are stored and shown: never rename one."""

    MATERIAL_MISSING = "material_missing"  # the mesh names a material file that is not there
    TEXTURE_MISSING = "texture_missing"  # an image that paints it is not there: plain colour
    TEXTURE_UNPLACED = "texture_unplaced"  # the mesh has no texture coordinates: a gallery
    NORMALS_MADE = "normals_made"
    UNIT_GUESSED = "unit_guessed"  # the file says nothing
    UNIT_CORRECTED = "unit_corrected"  # the file says what no head can be
    SCALED_TO_HEAD = "scaled_to_head"  # no unit makes a head of it
    UP_AXIS_TURNED = "up_axis_turned"
