"""Short ways to write rules and facts in tests, and to read what was decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import inference_naive
from inference_cases import heard, speech
from inference_naive import Aside, Found, Key

from riskreg.inference import Decided, decide
from riskreg.model.finding import Finding
from riskreg.model.metric import Threshold
from riskreg.model.rule import Rule, positives

AS_OF = datetime(2026, 11, 16, tzinfo=UTC)
Raw = dict[str, Any]
Engine = Literal["both", "durable", "reference"]


def rule(when: Any, ident: str = "a-rule", **fields: Any) -> Rule:
    """A rule that joins on the site, with other fields as in a file (`**{"for": "2w"}`)."""
    given = {
        "id": ident, "version": 1, "title": "Something is wrong", "owner": "quality-lead", "category": "talent-attrition",
        "severity": "high", "when": when, "join": ["site"], "then": {}, "explain": "At {{ key.site }}",
    }  # fmt: skip
    return Rule.model_validate(given | fields)


def signal(kind: str, ident: str, days: float = 0, **fields: Any) -> Raw:
    """A signal so many days before as-of."""
    return {"id": ident, "signal": kind, "at": AS_OF - timedelta(days=days), "site": "MNL", **fields}


def thresholds(raw: Raw) -> dict[str, dict[str, Threshold]]:
    """Metric → its thresholds as in a metric's file, bare numbers too."""
    return {
        metric: {name: Threshold.model_validate(one if isinstance(one, dict) else {"value": one}) for name, one in named.items()}
        for metric, named in raw.items()
    }


def judged(
    rules: Rule | Sequence[Rule],
    facts: Sequence[Raw],
    *,
    as_of: datetime = AS_OF,
    limits: Raw | None = None,
    engine: Engine = "both",
) -> Decided:
    """What both engines decide, without faults, and as the naive evaluator does."""
    models = [rules] if isinstance(rules, Rule) else list(rules)
    decided = decide(models, list(facts), as_of=as_of, engine=engine, thresholds=thresholds(limits or {}))
    assert not decided.faults, decided.faults
    live = [as_written(one) for one in models if one.status != "draft"]
    world = inference_naive.evaluate(live, list(facts), as_of, limits)
    told = decide(
        [speaking(one) for one in models], list(facts), as_of=as_of, engine="reference", thresholds=thresholds(limits or {})
    )
    mine, theirs = (found(told), not_judged(told)), (world.found, world.flagged)
    assert mine == theirs, f"engines: {mine}; naive: {theirs}"
    return decided


def fired(rules: Rule | Sequence[Rule], facts: Sequence[Raw], **how: Any) -> dict[str, tuple[str, ...]]:
    """`rule/key` → fact ids, of `judged`."""
    return keys(judged(rules, facts, **how))


def flagged(rules: Rule | Sequence[Rule], facts: Sequence[Raw], **how: Any) -> list[str]:
    """`rule/key` of what missing data left open, of `judged`."""
    return sorted("/".join([name, *key]) for why, name, key, _ in not_judged(judged(rules, facts, **how)) if why == "missing-data")


def keys(decided: Decided) -> dict[str, tuple[str, ...]]:
    return {"/".join([one.rule, *one.key.values()]): one.facts for one in decided.findings}


def speaking(model: Rule) -> Rule:
    """The same rule, whose explain text is `speech`."""
    return model.model_copy(update={"explain": speech(pattern.alias for pattern in positives(model.when))})


def found(decided: Decided) -> dict[tuple[str, Key], Found]:
    """(rule, join values) → what the finding and what it concludes say, of rules whose explain text is `speech`."""
    concluded = {(one["rule"], one["id"]): dict(one) for one in decided.conclusions}
    made = {(one.rule, tuple(one.key.values())): _found(one, concluded) for one in decided.findings}
    assert not concluded, "something is concluded without a finding"
    return made


def _found(finding: Finding, concluded: dict[tuple[str, str], Raw]) -> Found:
    chosen, every = heard(finding.explain)
    key = [value.replace("%", "%25").replace("/", "%2F") for value in finding.key.values()]
    name = ":".join(["concluded", finding.rule, *(["/".join(key)] if key else [])])
    last = [step.text.partition("last true, ")[2] for step in finding.reason.below if step.text.startswith("open until ")]
    return Found(
        frozenset(finding.facts),
        finding.at,
        finding.since,
        datetime.strptime(last[0].replace("\u00a0", " "), "%a %d %b %Y").replace(tzinfo=UTC).date() if last else None,
        finding.due,
        chosen,
        every,
        concluded.pop((finding.rule, name), None),
    )


def not_judged(decided: Decided) -> set[Aside]:
    return {(one.kind, one.rule, tuple(one.key.values()), frozenset(one.facts)) for one in decided.asides}


def as_written(model: Rule) -> Raw:
    """A rule as its file would have it."""
    written: Mapping[str, Any] = model.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return dict(written)
