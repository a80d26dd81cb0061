"""Words that would give the product a medical purpose (R34), as stems, in both languages.

They may stand only in the texts named in ``ALLOWED``, by message id: not by file or page.
"""

import re

from django.utils.functional import Promise

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

# Said to staff: duties and periods of the practice itself, in the words of the law.
DUTIES = (
    (
        "An officer is needed from twenty people on who work with personal data all the time (§"
        " 38 BDSG), and whatever their number where an impact assessment is needed or "
        "processing health data on a large scale is the core of what you do."
    ),
    "Bavaria, public hospitals",
    "Do you see statutory patients?",
    "End of the treatment",
    "End of the treatment noted",
    "End of the treatment of %(n)s report",
    "End of the treatment of %(n)s reports",
    "End of treatment …",
    "For instance: consent, or treatment together",
    "from the end of the treatment",
    "the end of the treatment on %(day)s",
    "Last day of the treatment",
    (
        "Medical reports are kept for ten years from the end of the treatment, aesthetic ones "
        "for 24 months. The content is the same."
    ),
    "Only a medical report has an end of treatment.",
    "Please say whether you see statutory patients.",
    (
        "Records of a treatment are to be kept for ten years after its end (§ 630f (3) BGB). We"
        " think that a shorter period is against the law unless these reports are not part of "
        "the record."
    ),
    "Treatment: Art. 9(2)(h) GDPR with section 22(1) no. 1(b) BDSG",
    (
        "Whoever takes part in the statutory system may keep health data in a cloud only where "
        "a current C5 attestation of type 2 can be shown (§ 393 SGB V). Practices for private "
        "patients only are apparently not bound by it."
    ),
    "from the end of the treatment, as far as it is entered, else from the capture",
)

# Message id → why it may say so.
ALLOWED: dict[str | Promise, str] = {
    wording.NOTICE: "the fixed notice has to name what the page does not contain",
    **dict.fromkeys(DUTIES, "the law's own word for what the practice does"),
}
