"""The authorities that supervise data protection in the Länder (§ 40 BDSG)."""

from dataclasses import dataclass

from onboarding.models import Authority


@dataclass(frozen=True, slots=True)
class Office:
    """An authority under its official name, and where it takes complaints."""

    name: str
    site: str


OFFICES: dict[Authority, Office] = {
    Authority.BW: Office(
        "Der Landesbeauftragte für den Datenschutz und die Informationsfreiheit Baden-Württemberg",
        "www.baden-wuerttemberg.datenschutz.de",
    ),
    Authority.BY: Office("Bayerisches Landesamt für Datenschutzaufsicht", "www.lda.bayern.de"),
    Authority.BY_PUBLIC: Office(
        "Der Bayerische Landesbeauftragte für den Datenschutz", "www.datenschutz-bayern.de"
    ),
    Authority.BE: Office(
        "Berliner Beauftragte für Datenschutz und Informationsfreiheit",
        "www.datenschutz-berlin.de",
    ),
    Authority.BB: Office(
        "Die Landesbeauftragte für den Datenschutz und für das Recht auf Akteneinsicht Brandenburg",
        "www.lda.brandenburg.de",
    ),
    Authority.HB: Office(
        "Die Landesbeauftragte für Datenschutz und Informationsfreiheit Bremen",
        "www.datenschutz.bremen.de",
    ),
    Authority.HH: Office(
        "Der Hamburgische Beauftragte für Datenschutz und Informationsfreiheit",
        "datenschutz-hamburg.de",
    ),
    Authority.HE: Office(
        "Der Hessische Beauftragte für Datenschutz und Informationsfreiheit",
        "datenschutz.hessen.de",
    ),
    Authority.MV: Office(
        "Der Landesbeauftragte für Datenschutz und Informationsfreiheit Mecklenburg-Vorpommern",
        "www.datenschutz-mv.de",
    ),
    Authority.NI: Office(
        "Der Landesbeauftragte für den Datenschutz Niedersachsen", "www.lfd.niedersachsen.de"
    ),
    Authority.NW: Office(
        "Landesbeauftragte für Datenschutz und Informationsfreiheit Nordrhein-Westfalen",
        "www.ldi.nrw.de",
    ),
    Authority.RP: Office(
        "Der Landesbeauftragte für den Datenschutz und die Informationsfreiheit Rheinland-Pfalz",
        "www.datenschutz.rlp.de",
    ),
    Authority.SL: Office("Unabhängiges Datenschutzzentrum Saarland", "www.datenschutz.saarland.de"),
    Authority.SN: Office(
        "Sächsische Datenschutz- und Transparenzbeauftragte", "www.datenschutz.sachsen.de"
    ),
    Authority.ST: Office(
        "Landesbeauftragte für den Datenschutz Sachsen-Anhalt",
        "datenschutz.sachsen-anhalt.de",
    ),
    Authority.SH: Office(
        "Unabhängiges Landeszentrum für Datenschutz Schleswig-Holstein",
        "www.datenschutzzentrum.de",
    ),
    Authority.TH: Office(
        "Thüringer Landesbeauftragter für den Datenschutz und die Informationsfreiheit",
        "www.tlfdi.de",
    ),
}
