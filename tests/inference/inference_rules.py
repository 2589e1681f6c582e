"""Short ways to write rules and facts in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from riskreg.inference import Decided, decide
from riskreg.model.rule import Rule

AS_OF = datetime(2026, 11, 16, tzinfo=UTC)


def rule(when: Any, ident: str = "a-rule", **fields: Any) -> Rule:
    given = {
        "id": ident, "version": 1, "title": "Something is wrong", "owner": "quality-lead", "category": "talent-attrition",
        "severity": "high", "when": when, "join": ["site"], "then": {}, "explain": "At {{ key.site }}",
    }  # fmt: skip
    return Rule.model_validate(given | fields)


def signal(kind: str, ident: str, days: float = 0, **fields: Any) -> dict[str, Any]:
    """A signal so many days before as-of."""
    return {"id": ident, "signal": kind, "at": AS_OF - timedelta(days=days), "site": "MNL", **fields}


def fired(rules: Rule | list[Rule], facts: list[dict[str, Any]], **how: Any) -> dict[str, tuple[str, ...]]:
    """`rule/key` → fact ids, of a decision without faults."""
    decided = decide(rules if isinstance(rules, list) else [rules], facts, as_of=AS_OF, **how)
    assert not decided.faults, decided.faults
    return keys(decided)


def keys(decided: Decided) -> dict[str, tuple[str, ...]]:
    return {"/".join([one.rule, *one.key.values()]): one.facts for one in decided.findings}
