"""Standing facts: what the network, its proofs, the register and late readings tell the rules, with an example of each field."""

from __future__ import annotations

from typing import Any

STANDING: dict[str, dict[str, Any]] = {
    "site": {"site": "MNL", "vendor": "altura", "country": "PH", "kind": "office", "seats": 520},
    "served": {
        "site": "MNL", "vendor": "altura", "function": "ORD-EN", "tier": 2, "impact": 4, "share": 0.6, "channel": "voice",
        "language": "en", "pci": True,
    },
    "function": {
        "function": "ORD-EN", "client": "MER", "channel": "voice", "language": "en", "tier": 2, "impact": 4, "pci": True,
        "sites": 2, "vendors": 1,
    },
    "vendor": {"vendor": "altura", "sites": 6, "functions": 14, "share": 0.52},
    "pool": {"pool": "MNL-day", "site": "MNL", "vendor": "altura", "positions": 120.0, "functions": 3},
    "depends": {
        "system": "telephony", "function": "ORD-EN", "site": "MNL", "vendor": "altura", "kind": "telephony", "tier": 2, "impact": 4,
        "standby": False,
    },
    "contract": {
        "vendor": "altura", "contract": "altura-msa", "title": "Master agreement", "ends": "2027-06-30", "days_left": 181,
        "notice_days": 120, "notice_by": "2027-03-02", "days_to_notice": 61,
    },
    "cover": {
        "site": "MNL", "vendor": "altura", "function": "ORD-EN", "tier": 2, "impact": 4, "outcome": "breach", "short": 12.0,
    },
    "missing_data": {
        "watches": "quality_drift", "client": "MER", "vendor": "altura", "site": "MNL", "function": "ORD-EN", "metric": "qa_score",
        "last": "2026-10-18", "due": "2026-10-25", "days_late": 21,
    },
    "risk": {
        "client": "MER", "vendor": "altura", "site": "MNL", "function": "ORD-EN", "system": "telephony", "pool": "MNL-day",
        "category": "talent-attrition", "state": "identified", "likelihood": 4, "impact": 4,
    },
}  # fmt: skip
"""Kind → fields with an example. They have no time: they hold now. `ends`, `notice_by`, `last` and `due` are dates as text;
days are counted from as-of. `depends`: at this site the function needs the system; with `standby` it can work on without it.
`missing_data`: readings that should be there by as-of and are not; `watches` is the signal that they feed."""
