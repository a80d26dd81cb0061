"""Words that would give the product a medical purpose (R34), as stems, in both languages.

They may stand only in the texts named in ``ALLOWED``, by message id: not by file or page.
"""

import re

from reports import wording

ENGLISH = re.compile(
    r"diagnos|\bfindings?\b|therap|\btreat|\bcures?\b|\bcured\b|\bheal(s|ed|ing)?\b|diseas|illness"
    r"|disorder|patholog|symptom|lesion|melanom|cancer|rosacea|\bacne|eczema|abnormal"
    r"|\bnormal|reference range|\brisks?\b|\brisky\b|prognos|predict|early detection"
    r"|prevent(ion|ive)|screening|monitoring|recommend|prescri(be|pt)|medicat|reliev|improv|\bworse|healthy"
    r"|skin health|skin age|\bclinical|medical software|medical[- ]grade|medical device|\bdetect"
    r"|guarante|end-to-end",
    re.IGNORECASE,
)
GERMAN = re.compile(
    r"diagnos|befund|therap|behandel|behandlung|\bheil|krank|patholog|symptom|melanom|krebs"
    r"|rosazea|\bakne|ekzem|läsion|auffällig|normal|normwert|referenzbereich|risik|prognos"
    r"|früherkenn|vorsorge|screening|überwach|monitoring|empfehl|empfohl|verschreib|medikament"
    r"|linder|besser|verschlechter|gesund|hautalter|klinisch|medizinische software"
    r"|medizinprodukt|\bki\b|garantier|ende-zu-ende",
    re.IGNORECASE,
)
RULES = {"en": ENGLISH, "de": GERMAN}

# Message id → why it may say so.
ALLOWED = {
    wording.NOTICE: "the fixed notice has to name what the page does not contain",
}
