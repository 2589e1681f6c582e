"""Tests of a rule in plain words: what is given, what is expected, what came."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from riskreg.model.content import RuleTestResult
from riskreg.model.rule import Rule
from riskreg.publishing import words
from riskreg.publishing.edition import Edition

_MOST_FACTS = 4
_SILENT = frozenset({"id", "signal", "fact", "at", "from", "to", "client", "unit"})


def row(edition: Edition, rule: Rule, result: RuleTestResult) -> dict[str, Any]:
    """One line of the table of tests; a public edition does not say what is given."""
    test = next((test for test in edition.content.workspace.tests.get(rule.id, ()) if test.name == result.name), None)
    return {
        "name": result.name,
        "given": _given(edition, test.given) if test and not edition.public else [],
        "expected": _keys(edition, rule, result.expected) if result.expected else "must stay silent",
        "came": "" if result.passed else f"came: {_keys(edition, rule, result.got) if result.got else 'nothing'}",
        "sign": "covered" if result.passed else "not-covered",
        "word": "Passes" if result.passed else "Fails",
    }


def _given(edition: Edition, facts: tuple[dict[str, Any], ...]) -> list[str]:
    said = [_fact(edition, fact) for fact in facts[:_MOST_FACTS]]
    return [*said, f"and {len(facts) - _MOST_FACTS} more"] if len(facts) > _MOST_FACTS else said


def _fact(edition: Edition, fact: Mapping[str, Any]) -> str:
    """`quality drift on 15 Nov 2026: site Manila, strength 2, value 80.1`."""
    kind = words.spaced(str(fact.get("signal") or fact.get("fact") or "a fact"))
    fields = ", ".join(_field(edition, name, value) for name, value in fact.items() if name not in _SILENT)
    return f"{kind}{_on(fact.get('at'))}" + (f": {fields}" if fields else "")


def _on(at: object) -> str:
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            return f" at {at}"
    return f" on {words.day(at)}" if isinstance(at, datetime) else ""


def _field(edition: Edition, name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"{words.spaced(name)} {'yes' if value else 'no'}"
    if isinstance(value, (int, float)):
        return f"{words.spaced(name)} {words.number(value, 4)}"
    named = edition.name(f"{name}:{value}")
    return f"{words.spaced(name)} {words.spaced(named) if named == value else named}"


def _keys(edition: Edition, rule: Rule, found: tuple[dict[str, str], ...]) -> str:
    """Join keys in words; another rule that the test speaks of is named."""
    said = []
    for key in found:
        where = ", ".join(_field(edition, field, value) for field, value in sorted(key.items()) if field != "rule") or "fires"
        said.append(where if key.get("rule", rule.id) == rule.id else f"{where} by {key['rule']}")
    return "; ".join(said)
