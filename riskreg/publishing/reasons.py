"""Why a risk is what it is: the frozen reasons of its findings as trees, each reading told once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from riskreg.model.finding import Finding, Step
from riskreg.publishing import readings, views, words
from riskreg.publishing.edition import Edition

_LABEL = {
    "rule": "Rule",
    "all": "All of",
    "any": "One of",
    "not": "Absent",
    "signal": "Signal",
    "fact": "Fact",
    "condition": "Test",
    "count": "Count",
    "time": "Time",
    "missing": "No data",
    "left-out": "Left out",
    "more": "More",
}
_JUDGED = frozenset({"signal", "fact", "not", "condition", "count", "time"})
_FOLDS = frozenset({"signal", "fact", "count", "missing"})


def trees(edition: Edition, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """A tree for each finding; signals that an earlier one told are named, not told again."""
    told: set[str] = set()
    return [_line(edition, finding, finding.reason, told) for finding in findings]


def _line(edition: Edition, finding: Finding, step: Step, told: set[str]) -> dict[str, Any]:
    """One line with what lies under it; a signal gets the reading that it judged."""
    below = list(_below(edition, finding, step.below, told))
    if step.kind == "signal" and step.fact:
        told.add(step.fact)
        if line := readings.line(edition, finding, step.fact):
            below.append(_plain("Reading", line))
    return _plain(_LABEL[step.kind], step.text) | {
        **_sign(step),
        "links": _links(edition, finding, step),
        "folds": step.kind in _FOLDS and bool(below),
        "below": below,
    }


def _sign(step: Step) -> dict[str, str]:
    """Whether a line is true; what stands in for missing data is not known, and notes are neither."""
    if step.kind == "missing":
        return {"sign": "not-known", "word": "Not known"}
    sign = ("covered" if step.holds else "not-true") if step.kind in _JUDGED else ""
    return {"sign": sign, "word": "True" if step.holds else "Not true"}


def _below(edition: Edition, finding: Finding, steps: Sequence[Step], told: set[str]) -> Iterator[dict[str, Any]]:
    known = frozenset(told)
    for again, group in groupby(steps, key=lambda step: step.kind == "signal" and step.fact in known):
        run = list(group)
        if again:
            yield _plain(
                "Signal", f"the same {words.counted(len(run), 'reading')} as above" if len(run) > 1 else "the same reading as above"
            )
        else:
            yield from (_line(edition, finding, step, told) for step in run)


def _links(edition: Edition, finding: Finding, step: Step) -> list[dict[str, str]]:
    """The rule of a line; for a conclusion the rule that drew it, and the risk that it moves."""
    if step.kind == "rule" and finding.rule in edition.rules:
        return [{"page": views.rule_page(finding.rule), "text": f"{finding.rule}, version {finding.version}"}]
    fact = next((item for item in finding.matched if item.get("id") == step.fact), {}) if step.kind == "fact" else {}
    rule = edition.rules.get(str(fact.get("rule")))
    if rule is None:
        return []
    moved = [
        risk
        for risk in edition.standing
        if any(other.rule == rule.id and other.key.items() <= fact.items() for other in risk.findings)
    ]
    links = [{"page": views.rule_page(rule.id), "text": rule.title}]
    return links + [{"page": views.risk_page(risk.id), "text": risk.id} for risk in moved]


def _plain(label: str, text: str) -> dict[str, Any]:
    return {"label": label, "sign": "", "word": "", "text": text, "links": [], "folds": False, "below": []}
