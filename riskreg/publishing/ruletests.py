"""Tests of a rule in plain words: what is given, what is expected, what came."""

from __future__ import annotations

from collections.abc import Container, Mapping
from datetime import UTC, date, datetime
from typing import Any

from riskreg.model.content import RuleTestResult
from riskreg.model.rule import Rule, RuleTest
from riskreg.publishing import words
from riskreg.publishing.edition import Edition

_MOST_FACTS = 4
_MEASURED = frozenset({"value", "baseline", "limit", "delta", "share"})
_SILENT = frozenset({"id", "signal", "fact", "at", "from", "to", "client", "unit"})


def row(edition: Edition, rule: Rule, result: RuleTestResult) -> dict[str, Any]:
    """One line of the table of tests; a public edition does not say what is given."""
    test = next((test for test in edition.content.workspace.tests.get(rule.id, ()) if test.name == result.name), None)
    return {
        "name": result.name,
        "given": _given(edition, test) if test and not edition.public else [],
        "expected": _keys(edition, rule, result.expected) if result.expected else "must stay silent",
        "came": "" if result.passed else f"came: {_keys(edition, rule, result.got) if result.got else 'nothing'}",
        "sign": "covered" if result.passed else "not-covered",
        "word": "Passes" if result.passed else "Fails",
    }


def _given(edition: Edition, test: RuleTest) -> list[str]:
    """The facts of a test, and the moment as of which they are judged where it names one."""
    facts, said = test.given, [_fact(edition, fact) for fact in test.given[:_MOST_FACTS]]
    if len(facts) > _MOST_FACTS:
        said.append(f"and {len(facts) - _MOST_FACTS} more")
    return [*said, f"judged as of {_moment(test.as_of)}"] if test.as_of else said


def _fact(edition: Edition, fact: Mapping[str, Any]) -> str:
    """`quality drift on 15 Nov 2026: site Manila, strength 2, value 80.1`."""
    kind = words.spaced(str(fact.get("signal") or fact.get("fact") or "a fact"))
    shares = _MEASURED if fact.get("signal") == "forecast_miss" or fact.get("unit") == "share" else frozenset({"share"})
    fields = ", ".join(_field(edition, name, value, shares) for name, value in fact.items() if name not in _SILENT)
    return f"{kind}{_on(fact.get('at'))}" + (f": {fields}" if fields else "")


def _on(at: object) -> str:
    if isinstance(at, str):
        try:
            at = datetime.fromisoformat(at)
        except ValueError:
            return f" at {at}"
    return f" on {_moment(at)}" if isinstance(at, datetime) else ""


def _moment(at: datetime) -> str:
    """The day, in UTC; with the time of the day where it is not midnight."""
    at = at.astimezone(UTC) if at.tzinfo else at
    return words.day(at) + (f", {at:%H:%M} UTC" if (at.hour, at.minute) != (0, 0) else "")


def _field(edition: Edition, name: str, value: object, shares: Container[str] = frozenset()) -> str:
    if isinstance(value, bool):
        return f"{words.spaced(name)} {'yes' if value else 'no'}"
    if isinstance(value, (int, float)):
        amount = words.number(value, 4) if name not in shares else f"{words.number(value * 100)}{words.NBSP}%"
        return f"{words.spaced(name)} {amount}"
    if isinstance(value, (datetime, date)):
        return f"{words.spaced(name)} {_moment(value) if isinstance(value, datetime) else words.day(value)}"
    return f"{words.spaced(name)} {_word(edition, name, str(value))}"


def _word(edition: Edition, name: str, value: str) -> str:
    """What people call a value: its name, a date as a date, an id of small letters without its dashes; others as they are."""
    if (called := edition.spoken.get(f"{name}:{value}")) is not None:
        return called
    if (named := edition.name(f"{name}:{value}")) != value:
        return named
    try:
        return words.day(date.fromisoformat(value))
    except ValueError:
        return words.spaced(value) if value.islower() and not any(map(str.isdigit, value)) else value


def _keys(edition: Edition, rule: Rule, found: tuple[dict[str, str], ...]) -> str:
    """Join keys in words; another rule that the test speaks of is named."""
    said = []
    for key in found:
        where = ", ".join(_field(edition, field, value) for field, value in sorted(key.items()) if field != "rule") or "fires"
        said.append(where if key.get("rule", rule.id) == rule.id else f"{where} by {key['rule']}")
    return "; ".join(said)
