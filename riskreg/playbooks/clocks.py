"""Legal clocks: who must tell whom, by when, counted from what; a playbook shows them with the day on which they were checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

_CHECKED = date(2026, 11, 21)
_EU = tuple("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())  # noqa: SIM905


@dataclass(frozen=True)
class Clock:
    """One duty. `countries` are those whose law it is; `confirmed` is False where the source is weak or was not read again."""

    rule: str
    jurisdiction: str
    countries: tuple[str, ...]
    who: str
    to: str
    limit: str
    starts: str
    confirmed: bool = True
    checked: date = _CHECKED
    note: str = ""


CLOCKS: tuple[Clock, ...] = (
    Clock(
        "CERT-In Directions of 2022",
        "India",
        ("IN",),
        "any company that runs systems there (the vendor)",
        "CERT-In",
        "6 h",
        "noticing the incident",
        note="logs of 180 days are kept in India",
    ),
    Clock(
        "DORA, Article 19",
        "European Union, financial firms",
        _EU,
        "the client, if it is a financial firm",
        "its supervisor",
        "4 h, then 72 h and one month",
        "classing the incident as major",
    ),
    Clock(
        "NIS2, Article 23",
        "European Union, essential and important entities",
        _EU,
        "the entity in scope",
        "CSIRT or competent authority",
        "24 h, then 72 h and one month",
        "becoming aware",
    ),
    Clock(
        "GDPR, Article 33",
        "European Union",
        _EU,
        "the client as controller",
        "supervisory authority",
        "72 h",
        "becoming aware of the breach",
        note="the vendor, as processor, tells the client without undue delay",
    ),
    Clock(
        "UK GDPR, Article 33",
        "United Kingdom",
        ("GB",),
        "the client as controller",
        "Information Commissioner",
        "72 h",
        "becoming aware of the breach",
    ),
    Clock(
        "NPC Circular 16-03",
        "Philippines",
        ("PH",),
        "the controller",
        "National Privacy Commission and the people concerned",
        "72 h",
        "knowledge or reasonable belief",
    ),
    Clock(
        "POPIA, section 22",
        "South Africa",
        ("ZA",),
        "the responsible party",
        "Information Regulator and the people concerned",
        "as soon as reasonably possible; the law names no hours",
        "reasonable grounds to believe it",
        note="its operator tells it at once",
    ),
    Clock(
        "HIPAA, 45 CFR 164.410",
        "United States, health data",
        ("US",),
        "the vendor as business associate",
        "the client, who tells the people and HHS",
        "without unreasonable delay, 60 days at most",
        "discovery",
    ),
    Clock(
        "SIC rule",
        "Colombia",
        ("CO",),
        "controller or processor",
        "SIC",
        "15 working days",
        "detecting it",
        confirmed=False,
        note="from a secondary source",
    ),
    Clock(
        "NPC Circular 16-03, full report",
        "Philippines",
        ("PH",),
        "the controller",
        "National Privacy Commission",
        "5 days",
        "knowledge",
        confirmed=False,
        note="extensions are possible",
    ),
    Clock(
        "DORA, outer limit of the first notice",
        "European Union, financial firms",
        _EU,
        "the client, if it is a financial firm",
        "its supervisor",
        "24 h",
        "becoming aware",
        confirmed=False,
    ),
    Clock(
        "State laws",
        "United States",
        ("US",),
        "depends on the state",
        "depends on the state",
        "differs by state",
        "the event that each law names",
        confirmed=False,
    ),
)
"""Shortest first; those that are not confirmed last. Checked against public texts of the rules on the day that each one names."""
