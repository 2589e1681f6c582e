"""Random rule sets and facts for the differential test: seeded, so that a failure can be had again by its number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from riskreg.inference.lint import structure
from riskreg.model.rule import Rule

AS_OF = datetime(2026, 11, 16, tzinfo=UTC)
SIGNALS = ("attrition_spike", "quality_drift", "data_exposure")
PLACES = {"site": ("MNL", "10"), "vendor": ("altura", "10"), "function": ("ORD-EN", "FRAUD")}
CARRIES = {"served": ("site", "vendor", "function"), "contract": ("vendor",), "cover": ("site", "vendor", "function")}
Raw = dict[str, Any]


def draw(seed: int) -> tuple[list[Raw], list[Raw]]:
    """A rule set whose structure is sound, and facts; both as they would be written in files."""
    return draw_from(Random(seed), always_true=seed % 25 == 0)


def draw_from(random: Random, *, always_true: bool = False) -> tuple[list[Raw], list[Raw]]:
    """The same from any source of chance; `always_true`: a hundred rules that hold for every spike at once."""
    facts = [fact(random, number) for number in range(random.randint(6, 24))]
    rules: list[Raw] = []
    for number in range(100 if always_true else random.randint(1, 5)):
        if always_true:
            rules.append(rule(random, number, [], {"signal": "attrition_spike"}, ["site"]))
            continue
        made = [r["then"]["conclude"]["fact"] for r in rules if "conclude" in r["then"]]
        for _ in range(40):
            candidate = rule(random, number, made)
            if not structure([Rule.model_validate(one) for one in [*rules, candidate]], {}):
                rules.append(candidate)
                break
    random.shuffle(facts)
    return rules, facts


def rule(random: Random, number: int, made: list[str], when: Raw | None = None, join: list[str] | None = None) -> Raw:
    if join is None:
        join = random.choice((["site"], ["site"], ["vendor"], ["site", "vendor"], ["function"], []))
    found: Raw = {
        "id": f"rule-{number}", "version": 1, "title": "Random", "owner": "quality-lead", "category": "talent-attrition",
        "severity": "high", "when": when or tree(random, made, 2), "join": join, "then": {}, "explain": "Random",
    }  # fmt: skip
    if random.random() < 0.6:
        found["within"] = random.choice(("7d", "2w", "28d", "1w", "24h"))
    if random.random() < 0.7 and when is None:
        found["then"]["conclude"] = {"fact": f"made-{number}"}
    return found


def tree(random: Random, made: list[str], depth: int) -> Raw:
    kind = random.choice(("all", "all", "any", "pattern")) if depth else "pattern"
    if kind == "pattern":
        return pattern(random, made)
    parts = [tree(random, made, depth - 1) for _ in range(random.randint(1, 2 if depth == 1 else 3))]
    if random.random() < 0.3:
        parts.append({"not": pattern(random, made)})
    return {kind: parts}


def pattern(random: Random, made: list[str]) -> Raw:
    if made and random.random() < 0.5:
        return {"fact": random.choice(made)}
    if random.random() < 0.3:
        return {"fact": random.choice((*CARRIES, "open_action"))}
    found: Raw = {"signal": random.choice(SIGNALS)}
    if random.random() < 0.5:
        found["where"] = dict([condition(random) for _ in range(random.randint(1, 2))])
    return found


def condition(random: Random) -> tuple[str, Any]:
    if random.random() < 0.5:
        word = random.choice(("gt", "gte", "lt", "lte", "eq", "ne"))
        return "strength", {word: random.choice((1, 2, 3, 3.0, 4, 2.5))}
    if random.random() < 0.3:
        return "value", random.choice(({"exists": True}, {"exists": False}, {"gte": 1e-05}, {"lt": 1e16}))
    names = ("leavers", "qa_score", "csat", "10")
    return "metric", random.choice(
        (random.choice(names), {"in": list(random.sample(names, 2))}, {"not_in": [names[0]]}, {"ne": names[1]})
    )


def fact(random: Random, number: int) -> Raw:
    kind = random.choice((*SIGNALS, *SIGNALS, "served", "contract", "cover", "open_action"))
    found: Raw = {"id": f"f{number}"}
    if kind in CARRIES:
        found["fact"] = kind
        found |= {field: random.choice(PLACES[field]) for field in CARRIES[kind]}
        return found
    found["signal" if kind in SIGNALS else "fact"] = kind
    # Times fall on the edges of the windows as often as not.
    found["at"] = AS_OF - timedelta(
        days=random.choice((-1, 0, 0, 0, 1, 3, 7, 7, 7, 14, 14, 21, 28, 35, 36)), seconds=random.choice((0, 0, 0, 1))
    )
    found |= {field: random.choice(values) for field, values in PLACES.items() if random.random() < 0.9}
    found |= {"strength": random.choice((1, 2, 3, 3.0, 4, 5)), "metric": random.choice(("leavers", "qa_score", "csat", "10"))}
    if random.random() < 0.5:
        found["value"] = random.choice((1e-05, 1e15, 0.1, 12, -3.5, 2**53))
    return found
