"""A third evaluator, for tests only: it reads a rule as its YAML says and raw facts, and shares no line with the engines.

It tries every fact for every pattern. It is slow and short, so that it can be checked by reading.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import product
from typing import Any

Raw = dict[str, Any]
SIGNAL_PLACES = {"client", "vendor", "site", "function"}
STANDING_PLACES = {
    "site": {"site", "vendor"},
    "served": {"site", "vendor", "function"},
    "contract": {"vendor"},
    "cover": {"site", "vendor", "function"},
}
EVERY_PLACE = {"client", "vendor", "site", "function", "system", "pool"}
LENGTH = {"h": 3600, "d": 86400, "w": 604800}


def evaluate(rules: list[Raw], facts: list[Raw], as_of: datetime) -> dict[tuple[str, tuple[str, ...]], set[str]]:
    """(rule id, join values) → ids of the facts that take part."""
    facts = list(facts)
    places = {r["then"]["conclude"]["fact"]: set(r.get("join", [])) for r in rules if r["then"].get("conclude")}
    waiting, found = list(rules), {}
    while waiting:
        open_names = {r["then"]["conclude"]["fact"] for r in waiting if r["then"].get("conclude")}
        for rule in [r for r in waiting if not open_names & names(r["when"])]:
            waiting.remove(rule)
            made = one_rule(rule, facts, as_of, places)
            found |= {(rule["id"], key): ids for key, ids in made.items()}
            facts += concluded(rule, made, facts)
    return found


def names(when: Raw) -> set[str]:
    if "all" in when or "any" in when:
        return set().union(*(names(part) for part in when.get("all", when.get("any"))))
    return names(when["not"]) if "not" in when else {when.get("fact", "")}


def one_rule(rule: Raw, facts: list[Raw], as_of: datetime, places: dict[str, set[str]]) -> dict[tuple[str, ...], set[str]]:
    join = rule.get("join", [])
    within = timedelta(seconds=int(rule["within"][:-1]) * LENGTH[rule["within"][-1]]) if "within" in rule else None
    result: dict[tuple[str, ...], set[str]] = {}
    for wanted, unwanted in ways(rule["when"]):
        for chosen in product(*([fact for fact in facts if fits(pattern, fact)] for pattern in wanted)):
            if len({fact["id"] for fact in chosen}) < len(chosen):
                continue
            key = agreed(join, wanted, chosen, places)
            times = [fact["at"] for fact in chosen if fact.get("at")]
            if key is None or not timely(times, within, as_of):
                continue
            if any(silences(pattern, fact, key, within, as_of) for pattern in unwanted for fact in facts):
                continue
            result.setdefault(tuple(key[field] for field in join), set()).update(fact["id"] for fact in chosen)
    return result


def ways(when: Raw) -> list[tuple[list[Raw], list[Raw]]]:
    if "any" in when:
        return [way for part in when["any"] for way in ways(part)]
    if "not" in when:
        return [([], [when["not"]])]
    if "all" not in when:
        return [([when], [])]
    result: list[tuple[list[Raw], list[Raw]]] = [([], [])]
    for part in when["all"]:
        result = [(left + more, no + further) for left, no in result for more, further in ways(part)]
    return result


def fits(pattern: Raw, fact: Raw) -> bool:
    kind = "signal" if "signal" in pattern else "fact"
    return fact.get(kind) == pattern[kind] and all(meets(want, fact.get(f)) for f, want in pattern.get("where", {}).items())


def meets(want: Any, value: Any) -> bool:
    want = want if isinstance(want, dict) else {"eq": want}
    for word, limit in want.items():
        if word == "exists":
            good = (value is not None) == limit
        elif value is None:
            good = False
        elif word in ("eq", "ne"):
            good = same(value, limit) == (word == "eq")
        elif word in ("in", "not_in"):
            good = (True in [same(value, one) for one in limit]) == (word == "in")
        elif isinstance(value, (str, bool)):
            good = False
        else:
            good = {"gt": value > limit, "gte": value >= limit, "lt": value < limit, "lte": value <= limit}[word]
        if not good:
            return False
    return True


def same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and isinstance(one, str) == isinstance(other, str) and one == other


def agreed(join: list[str], wanted: list[Raw], chosen: Any, places: dict[str, set[str]]) -> dict[str, str] | None:
    key: dict[str, str] = {}
    for pattern, fact in zip(wanted, chosen, strict=True):
        kind = pattern.get("fact", "")
        carries = SIGNAL_PLACES if "signal" in pattern else STANDING_PLACES.get(kind) or places.get(kind, EVERY_PLACE)
        for field in join:
            if field in carries:
                value = fact.get(field)
                if value is None or key.setdefault(field, value) != value:
                    return None
    return key


def timely(times: list[datetime], within: timedelta | None, as_of: datetime) -> bool:
    if not times:
        return True
    if max(times) > as_of:
        return False
    if within is None:
        return as_of - min(times) <= timedelta(days=35)
    return max(times) - min(times) <= within and as_of - max(times) <= within


def silences(pattern: Raw, fact: Raw, key: dict[str, str], within: timedelta | None, as_of: datetime) -> bool:
    if not fits(pattern, fact):
        return False
    at = fact.get("at")
    if at and not timedelta(0) <= as_of - at <= (timedelta(days=35) if within is None else within):
        return False
    return all(fact.get(field) in (None, value) for field, value in key.items())


def concluded(rule: Raw, made: dict[tuple[str, ...], set[str]], facts: list[Raw]) -> list[Raw]:
    if not rule["then"].get("conclude"):
        return []
    by_id, new = {fact["id"]: fact for fact in facts}, []
    for key, ids in made.items():
        name = f"concluded:{rule['id']}" + (":" + "/".join(key) if key else "")
        fact = {
            "id": name,
            "fact": rule["then"]["conclude"]["fact"],
            "rule": rule["id"],
            **dict(zip(rule.get("join", []), key, strict=True)),
        }
        times = [by_id[one]["at"] for one in ids if by_id[one].get("at")]
        new.append(fact | ({"at": max(times)} if times else {}))
    return new
