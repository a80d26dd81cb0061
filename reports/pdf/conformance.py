"""What the library leaves to do for one file that is PDF/A-3a and PDF/UA-1 at once.

PDF/A-3 is ISO 19005-3, PDF/UA-1 is ISO 14289-1. The library writes either claim, not both.
"""

from typing import Any
from xml.etree import ElementTree as ET

import pydyf

from . import tagging

VARIANT = "pdf/a-3a"

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_UA_SCHEMA = "http://www.aiim.org/pdfua/ns/id/"

# ISO 19005-3, 6.6.2.3.3: metadata of another standard come with a description of their schema.
_UA_CLAIM = f"""
<rdf:RDF xmlns:rdf="{_RDF}">
  <rdf:Description rdf:about="" xmlns:pdfuaid="{_UA_SCHEMA}" pdfuaid:part="1"/>
  <rdf:Description rdf:about=""
      xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
      xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
      xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
    <pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
      <pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>
      <pdfaSchema:namespaceURI>{_UA_SCHEMA}</pdfaSchema:namespaceURI>
      <pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
      <pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">
        <pdfaProperty:name>part</pdfaProperty:name>
        <pdfaProperty:valueType>Integer</pdfaProperty:valueType>
        <pdfaProperty:category>internal</pdfaProperty:category>
        <pdfaProperty:description>Part of ISO 14289 the file follows</pdfaProperty:description>
      </rdf:li></rdf:Seq></pdfaSchema:property>
    </rdf:li></rdf:Bag></pdfaExtension:schemas>
  </rdf:Description>
</rdf:RDF>
"""

for _prefix, _address in {
    "pdfaExtension": "http://www.aiim.org/pdfa/ns/extension/",
    "pdfaSchema": "http://www.aiim.org/pdfa/ns/schema#",
    "pdfaProperty": "http://www.aiim.org/pdfa/ns/property#",
}.items():
    ET.register_namespace(_prefix, _address)


def claim(document: Any) -> None:
    """Have a laid-out WeasyPrint document claim PDF/UA beside PDF/A, in one RDF block."""
    metadata = document.metadata
    generate = metadata.generate_rdf_metadata

    def with_both_claims(variant: str, version: int, conformance: str) -> bytes:
        rdf = ET.fromstring(generate(variant, version, conformance))  # noqa: S314 (ours)
        rdf.extend(ET.fromstring(_UA_CLAIM))  # noqa: S314
        text: bytes = ET.tostring(rdf, encoding="utf-8")
        return text

    metadata.generate_rdf_metadata = with_both_claims


def finish(document: Any, pdf: pydyf.PDF) -> None:
    """Last corrections before the file is written."""
    tagging.correct(document, pdf)
    # The library lists an attachment as the document's own and again as one it came across.
    pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    for image in pdf.objects:
        if isinstance(image, pydyf.Stream) and image.extra.get("Subtype") == "/Image":
            image.extra["Interpolate"] = "false"  # ISO 19005-3, 6.2.8.1
