"""Which fields facts have, for the naive evaluator: written down once more, and held against the product by a test."""

from __future__ import annotations


def fields(text: str) -> set[str]:
    return set(text.split())


SIGNAL_TEXTS = fields("signal client vendor site function metric unit direction")
SIGNAL_FIELDS = SIGNAL_TEXTS | fields("at value level baseline limit delta n strength p_value run_length since from to")
STANDING = {  # kind → its fields that are text, and its others
    "site": (fields("site vendor country kind"), fields("seats")),
    "served": (fields("site vendor function channel language"), fields("tier impact share pci")),
    "function": (fields("function client channel language"), fields("tier impact pci sites vendors")),
    "vendor": (fields("vendor"), fields("sites functions share")),
    "pool": (fields("pool site vendor"), fields("positions functions")),
    "depends": (fields("system function site vendor kind"), fields("tier impact standby")),
    "contract": (fields("vendor contract title ends notice_by"), fields("days_left notice_days days_to_notice")),
    "cover": (fields("site vendor function outcome"), fields("tier impact short")),
    "missing_data": (fields("watches client vendor site function metric last due"), fields("days_late")),
    "risk": (fields("client vendor site function system pool category state"), fields("likelihood impact")),
}
STANDING_TEXTS = {kind: texts for kind, (texts, _) in STANDING.items()}
STANDING_FIELDS = {kind: texts | others for kind, (texts, others) in STANDING.items()}
