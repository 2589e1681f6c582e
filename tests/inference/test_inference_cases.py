"""The random cases have power: each construct of the language, taken away, changes what is found in a good share of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import inference_naive
from inference_cases import AS_OF, CUSTOM, PLACES, Case, draw
from inference_naive import SECONDS, Raw

Change = Callable[[Case], None]
SETS = [seed for seed in range(1, 160) if seed % 8 != 1 and seed % 50]
"""Without long histories and hundreds of rules, which are slow for the naive evaluator."""


def patterns(when: Raw, *, under_not: bool = False) -> Iterator[tuple[bool, Raw]]:
    if "not" in when:
        yield from patterns(when["not"], under_not=True)
    elif "all" in when or "any" in when:
        for part in when.get("all", when.get("any")):
            yield from patterns(part)
    else:
        yield under_not, when


def owners(case: Case, whose: str) -> list[Raw]:
    """Rules, their patterns (`wanted`), or those under `not` (`negated`)."""
    if whose == "rule":
        return case.rules
    return [one for rule in case.rules for negated, one in patterns(rule["when"]) if negated == (whose == "negated")]


def without(whose: str, *names: str) -> Change:
    def change(case: Case) -> None:
        for owner in owners(case, whose):
            for name in names:
                owner.pop(name, None)

    return change


def longer(whose: str, name: str, seconds: int) -> Change:
    """Spans a second shorter or longer: what lies exactly on the edge changes sides."""

    def change(case: Case) -> None:
        for owner in owners(case, whose):
            if name in owner:
                owner[name] = f"{int(owner[name][:-1]) * SECONDS[owner[name][-1]] + seconds}s"

    return change


def kept(keep: Callable[[str, list[Raw]], list[Raw]]) -> Change:
    """The parts of each `all` and `any` that `keep` leaves."""

    def strip(when: Raw) -> Raw:
        return {k: [strip(part) for part in keep(k, v)] if k in ("all", "any") else v for k, v in when.items()}

    def change(case: Case) -> None:
        for rule in case.rules:
            rule["when"] = strip(rule["when"])

    return change


def last_day(days: int) -> Change:
    def change(case: Case) -> None:
        for one in (one for rule in case.rules for one in rule.get("exceptions", [])):
            one["until"] += timedelta(days=days)

    return change


def missing_data(was: str, becomes: str) -> Change:
    def change(case: Case) -> None:
        for rule in case.rules:
            if rule.get("on_missing_data", "flag") == was:
                rule["on_missing_data"] = becomes

    return change


def facts(become: Callable[[Raw], dict[str, Any]]) -> Change:
    def change(case: Case) -> None:
        case.facts = [fact | become(fact) for fact in case.facts]

    return change


def thresholds(become: Callable[[Any], Raw]) -> Change:
    def change(case: Case) -> None:
        case.thresholds = {metric: become(named) for metric, named in case.thresholds.items()}

    return change


def bare(named: Raw) -> Raw:
    return {"floor": named["floor"]["value"] if isinstance(named["floor"], dict) else named["floor"]}


def everywhere(fact: Raw) -> Raw:
    """Places and metric for those kinds that should have them."""
    usual = {name: values[0] for name, values in PLACES.items()} | {"metric": "10"}
    return {
        name: value for name, value in usual.items() if not isinstance(fact.get(name), str) and fact.get("fact", "audit") in CUSTOM
    }


CHANGES: dict[str, tuple[Change, float]] = {
    "all places are one": (facts(lambda fact: {name: PLACES[name][0] for name in PLACES if name in fact}), 0.3),
    "no fact lacks a place": (facts(everywhere), 0.2),
    "no fact is later than as-of": (facts(lambda fact: {"at": min(fact["at"], AS_OF)} if "at" in fact else {}), 0.05),
    "no fact stands": (facts(lambda fact: {"at": fact.get("at", AS_OF)}), 0.1),
    "no conditions": (without("wanted", "where"), 0.2),
    "no conditions under not": (without("negated", "where"), 0.01),
    "the first way only": (kept(lambda kind, parts: parts[:1] if kind == "any" else parts), 0.1),
    "no not": (kept(lambda kind, parts: [part for part in parts if "not" not in part]), 0.1),
    "not within": (without("negated", "within"), 0.015),
    "not within, edge": (longer("negated", "within", -1), 0.01),
    "not counted": (without("negated", "at_least", "different"), 0.02),
    "not different": (without("negated", "different"), 0.005),
    "counted": (without("wanted", "at_least", "different", "within"), 0.2),
    "different": (without("wanted", "different"), 0.02),
    "stretch": (without("wanted", "within"), 0.02),
    "stretch, edge": (longer("wanted", "within", -1), 0.01),
    "within": (without("rule", "within"), 0.03),
    "within, edge": (longer("rule", "within", -1), 0.02),
    "for": (without("rule", "for"), 0.1),
    "for, edge": (longer("rule", "for", 1), 0.01),
    "keep_open_for": (without("rule", "keep_open_for"), 0.1),
    "keep_open_for, edge": (longer("rule", "keep_open_for", -1), 0.05),
    "scope": (without("rule", "scope"), 0.08),
    "exceptions": (without("rule", "exceptions"), 0.06),
    "the last day of exceptions": (last_day(-1), 0.04),
    "the day after exceptions": (last_day(1), 0.015),
    "thresholds": (thresholds(lambda named: {}), 0.04),
    "overrides": (thresholds(bare), 0.015),
    "missing data that fires": (missing_data("fire", "ok"), 0.05),
    "missing data that is told": (missing_data("flag", "ok"), 0.05),
    "missing data that is nothing": (missing_data("ok", "fire"), 0.02),
    "conclusions": (without("rule", "then"), 0.03),
}
"""What is changed in a case, and in which share of the cases that must make a difference at least."""


def test_every_construct_decides_something_in_a_good_share_of_the_cases() -> None:
    decided: Counter[str] = Counter()
    for seed in SETS:
        case = draw(seed)
        usual = result(case)
        for name, (change, _) in CHANGES.items():
            other = deepcopy(case)
            change(other)
            decided[name] += other != case and result(other) != usual
    shares = {name: decided[name] / len(SETS) for name in CHANGES}
    weak = {name: share for name, share in shares.items() if share < CHANGES[name][1]}
    assert not weak, weak


def result(case: Case) -> tuple[Any, Any]:
    world = inference_naive.evaluate(case.rules, case.facts, AS_OF, case.thresholds)
    return world.found, world.flagged


def test_keys_of_every_width_and_the_hundred_rules_are_drawn() -> None:
    cases = [draw(seed) for seed in range(150)]
    widths = Counter(len(key) for case in cases for _, key in result(case)[0])
    assert min(widths[0], widths[1], widths[2]) > 10, widths
    assert sum(len(case.rules) >= 100 for case in cases) >= 3
    assert draw(7) == draw(7)
    assert draw(7) != draw(8)
