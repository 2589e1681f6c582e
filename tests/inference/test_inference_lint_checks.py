"""Every check of the lint: a rule set that makes it fire, at its very place, and the nearest one that does not."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from riskreg.inference.lint import CHECKS, Known, lint
from riskreg.inference.lint.checks import Path
from riskreg.model.faults import Span
from riskreg.model.metric import Metric
from riskreg.model.rule import Rule, RuleTest

SPIKE: dict[str, Any] = {"as": "spike", "signal": "attrition_spike"}
DRIFT: dict[str, Any] = {"as": "drift", "signal": "quality_drift"}
RAISE: dict[str, Any] = {"raise": {"likelihood": 3, "impact": 3}}
COVER: dict[str, Any] = {"fact": "cover"}
RISK: dict[str, Any] = {"fact": "risk"}


def rule(when: Any = SPIKE, ident: str = "a", **fields: Any) -> Rule:
    given = {
        "id": ident, "version": 1, "title": "Something is wrong", "owner": "quality-lead", "category": "talent-attrition",
        "severity": "high", "when": when, "join": ["site"], "then": RAISE, "explain": "At {{ key.site }}", "keep_open_for": "5w",
    }  # fmt: skip
    return Rule.model_validate({name: value for name, value in (given | fields).items() if value is not None})


def where(pattern: dict[str, Any], **tests: Any) -> dict[str, Any]:
    return pattern | {"where": tests}


def every(*parts: Any) -> dict[str, Any]:
    return {"all": list(parts)}


def no(pattern: Any) -> dict[str, Any]:
    return {"not": pattern}


def metric(ident: str, kind: str | None, **fields: Any) -> Metric:
    extra = {"forecast_miss": {"forecast": "plan"}, "quality_drift": {"measure": "rate"}}.get(kind or "", {})
    watch = {"detector": {"kind": kind, **extra}} if kind else {}
    return Metric.model_validate({"id": ident, "name": ident, "definition": ident, **watch, **fields})


METRICS = {
    one.id: one
    for one in (
        metric("leavers", "attrition_spike", thresholds={"floor": 10}),
        metric("qa_score", "quality_drift", thresholds={"floor": 80, "ceiling": 95}),
        metric("csat", "quality_drift", grain="month"),
        metric("incidents", "data_exposure", grain="event"),
        metric("occupancy", None),
    )
}
COUNTS = {"client": 1, "site": 20, "vendor": 4, "function": 10, "served": 60}
TESTS = {
    "a": [
        RuleTest.model_validate({"name": "fires", "given": [], "expect": [{"rule": "a", "site": "MNL"}]}),
        RuleTest.model_validate({"name": "silent", "given": [], "expect": []}),
    ]
}
TODAY = date(2026, 11, 21)


def excused(until: str, **tests: Any) -> dict[str, Any]:
    return {"exceptions": [{"where": tests or {"site": "BOG"}, "until": until, "reason": "ramp-down", "approved_by": "operations"}]}


def found(rules: list[Rule], known: Known | None = None) -> dict[str, list[tuple[str, Path]]]:
    """Code → the rules and places that it is told of."""
    places: dict[str, tuple[str, Path]] = {}

    def locate(ident: str, path: Path) -> Span:
        cell = f"{ident}/{path}"
        places[cell] = (ident, path)
        return Span(path="rules", cell=cell)

    told: dict[str, list[tuple[str, Path]]] = {}
    for fault in lint(rules, locate, known):
        told.setdefault(fault.code, []).append(places[fault.span.cell])
    return told


def chain(needs: Any, ident: str, makes: str, **fields: Any) -> Rule:
    return rule(needs, ident, then={"conclude": {"fact": makes}}, **fields)


W0 = ("when", "where")
GRAVE = {"severity": "critical", "then": {"raise": {"likelihood": 5, "impact": 5}}}
MILD = {"severity": "low", "then": {"raise": {"likelihood": 1, "impact": 1}}}
PLAIN = Known()
AT = Known(as_of=TODAY)
HERE = Known(metrics=METRICS, counts=COUNTS)
LARGE = Known(metrics=METRICS, counts=COUNTS | {"site": 60})

# code, the rules that make it fire, where it is told, and rules that are as near as can be and sound
CASES: list[tuple[str, list[Rule], tuple[str, Path], list[Rule], Known]] = [
    (
        "rule-too-wide",
        [rule(every(*({"any": [SPIKE | {"as": f"s{n}{m}"} for m in range(3)]} for n in range(4))))],
        ("a", ("when",)),
        [rule(every(*({"any": [SPIKE | {"as": f"s{n}{m}"} for m in range(4)]} for n in range(3))), within="4w")],
        PLAIN,
    ),
    (
        "rule-too-wide",
        [rule(every(*(SPIKE | {"as": f"s{n}"} for n in range(13))))],
        ("a", ("when",)),
        [rule(every(*(SPIKE | {"as": f"s{n}"} for n in range(12))))],
        PLAIN,
    ),
    (
        "rule-branch-empty",
        [rule({"any": [SPIKE, no({"fact": "own"})]})],
        ("a", ("when", "any", 1, "not")),
        [rule({"any": [SPIKE, every(DRIFT, no({"fact": "own"}))]})],
        PLAIN,
    ),
    ("rule-join-unbound", [rule({"fact": "contract"})], ("a", ("join", 0)), [rule({"fact": "contract"}, join=["vendor"])], PLAIN),
    (
        "rule-join-unbound",
        [rule(SPIKE, join=["site", "system"])],
        ("a", ("join", 1)),
        [rule(SPIKE, join=["site", "metric"])],
        PLAIN,
    ),
    (
        "rule-unjoined",
        [rule(every(SPIKE, {"fact": "contract"}))],
        ("a", ("join",)),
        [rule(every(SPIKE, {"fact": "contract"}), join=["site", "vendor"])],
        PLAIN,
    ),
    ("rule-unjoined", [rule(every(SPIKE, DRIFT), join=[])], ("a", ("when",)), [rule(SPIKE, join=[])], PLAIN),
    (
        "rule-conclude-reserved",
        [chain(SPIKE, "a", "cover")],
        ("a", ("then", "conclude", "fact")),
        [chain(SPIKE, "a", "covered")],
        PLAIN,
    ),
    ("rule-alias", [rule(SPIKE | {"as": "key"})], ("a", ("when", "as")), [rule(SPIKE | {"as": "keys"})], PLAIN),
    (
        "rule-order-on-text",
        [rule(where(SPIKE, metric={"gte": 3}))],
        ("a", (*W0, "metric", "gte")),
        [rule(where(SPIKE, value={"gte": 3}))],
        PLAIN,
    ),
    (
        "rule-order-on-text",
        [rule(where({"fact": "served"}, pci={"gt": 0}))],
        ("a", (*W0, "pci", "gt")),
        [rule(where({"fact": "own_fact"}, pci={"gt": 0}))],
        PLAIN,
    ),
    (
        "rule-order-on-text",
        [rule(scope={"site": {"gte": 3}})],
        ("a", ("scope", "site", "gte")),
        [rule(scope={"site": {"ne": "MNL"}})],
        PLAIN,
    ),
    (
        "rule-order-on-text",
        [rule(**excused("2027-01-01", direction={"gt": 3}))],
        ("a", ("exceptions", 0, "where", "direction", "gt")),
        [rule(**excused("2027-01-01", strength={"lt": 3}))],
        PLAIN,
    ),
    (
        "rule-condition-null",
        [rule(where(SPIKE, metric={"eq": None}))],
        ("a", (*W0, "metric", "eq")),
        [rule(where(SPIKE, function={"exists": False}))],
        PLAIN,
    ),
    (
        "rule-limit",
        [rule(where(SPIKE, metric={"in": ["x" * 1001]}))],
        ("a", (*W0, "metric", "in")),
        [rule(where(SPIKE, metric="x" * 1000))],
        PLAIN,
    ),
    (
        "rule-limit",
        [rule(where(SPIKE, value={"eq": 2**53 + 1}))],
        ("a", (*W0, "value", "eq")),
        [rule(where(SPIKE, value={"eq": 2**53}))],
        PLAIN,
    ),
    (
        "rule-due",
        [rule({"as": "c", "fact": "contract"}, join=["vendor"], then={"raise": {"likelihood": 3, "impact": 3, "due": "c.title"}})],
        ("a", ("then", "raise", "due")),
        [rule({"as": "c", "fact": "contract"}, join=["vendor"], then={"raise": {"likelihood": 3, "impact": 3, "due": "c.ends"}})],
        PLAIN,
    ),
    ("rule-duplicate", [rule(), rule(DRIFT)], ("a", ("id",)), [rule(), rule(DRIFT, "b")], PLAIN),
    (
        "rule-conclude-keys",
        [chain(SPIKE, "a", "worn"), chain(DRIFT, "b", "worn", join=["vendor"])],
        ("b", ("join",)),
        [chain(SPIKE, "a", "worn", join=["site", "vendor"]), chain(DRIFT, "b", "worn", join=["vendor", "site"])],
        PLAIN,
    ),
    (
        "rule-cycle",
        [chain(every(SPIKE, {"fact": "two"}), "a", "one"), chain({"fact": "one"}, "b", "two")],
        ("a", ("when", "all", 1)),
        [chain(every(SPIKE, {"fact": "two"}), "a", "one"), chain({"fact": "three"}, "b", "two")],
        PLAIN,
    ),
    (
        "rule-cycle-negated",
        [chain(every(SPIKE, no({"fact": "two"})), "a", "one"), chain({"fact": "one"}, "b", "two")],
        ("a", ("when", "all", 1, "not")),
        [chain(every(SPIKE, no({"fact": "two"})), "a", "one"), chain(DRIFT, "b", "two")],
        PLAIN,
    ),
    (
        "rule-cycle-negated",
        [rule(every(SPIKE, no(RISK)))],
        ("a", ("when", "all", 1, "not")),
        [rule(every(SPIKE, no(where(RISK, category="site-loss"))))],
        PLAIN,
    ),
    (
        "rule-cycle-negated",
        [rule(every(SPIKE, no(where(RISK, category={"ne": "site-loss"}, state={"in": ["identified", "closed"]}))))],
        ("a", ("when", "all", 1, "not")),
        [rule(every(SPIKE, no(where(RISK, state={"in": ["accepted", "closed"]}))))],
        PLAIN,
    ),
    (
        "rule-cycle-negated",
        [chain(every(SPIKE, no(where(RISK, category="site-loss"))), "a", "one"), rule({"fact": "one"}, "b", category="site-loss")],
        ("a", ("when", "all", 1, "not")),
        [
            chain(every(SPIKE, no(where(RISK, category="site-loss"))), "a", "one"),
            rule({"fact": "one"}, "b", category="coverage-gap"),
        ],
        PLAIN,
    ),
    ("rule-explain", [rule(explain="{{ spikes.site }}")], ("a", ("explain",)), [rule(explain="{{ spike.site }}")], PLAIN),
    # conditions
    ("rule-type", [rule(where(SPIKE, strength="3"))], ("a", (*W0, "strength", "eq")), [rule(where(SPIKE, strength=3))], PLAIN),
    (
        "rule-type",
        [rule(where(SPIKE, metric={"in": ["leavers", 3]}))],
        ("a", (*W0, "metric", "in", 1)),
        [rule(where(SPIKE, metric={"in": ["leavers", "3"]}))],
        PLAIN,
    ),
    (
        "rule-type",
        [rule(where({"fact": "served"}, pci="true"))],
        ("a", (*W0, "pci", "eq")),
        [rule(where({"fact": "served"}, pci=True))],
        PLAIN,
    ),
    (
        "rule-type",
        [rule(where(SPIKE, at={"ne": "2026-01-01"}))],
        ("a", (*W0, "at", "ne")),
        [rule(where({"fact": "contract"}, ends={"ne": "2026-01-01"}), join=["vendor"])],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, value={"gt": 5, "lt": 3}))],
        ("a", (*W0, "value")),
        [rule(where(SPIKE, value={"gt": 3, "lt": 5}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, value={"gte": 3, "lt": 3}))],
        ("a", (*W0, "value")),
        [rule(where(SPIKE, value={"gte": 3, "lte": 3}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, strength={"gte": 6}))],
        ("a", (*W0, "strength")),
        [rule(where(SPIKE, strength={"gte": 5}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, strength={"gt": 3, "lt": 4}))],
        ("a", (*W0, "strength")),
        [rule(where(SPIKE, delta={"gt": 3, "lt": 4}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, metric={"eq": "x", "ne": "x"}))],
        ("a", (*W0, "metric")),
        [rule(where(SPIKE, metric={"eq": "x"}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, metric={"in": []}))],
        ("a", (*W0, "metric")),
        [rule(where(SPIKE, metric={"in": ["x"]}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, metric={"in": ["x", "y"], "not_in": ["y", "x"]}))],
        ("a", (*W0, "metric")),
        [rule(where(SPIKE, metric={"in": ["x", "y", "z"], "not_in": ["y", "x"]}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, site={"exists": False, "ne": "x"}))],
        ("a", (*W0, "site")),
        [rule(where(SPIKE, function={"exists": False}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, strength={"exists": False}))],
        ("a", (*W0, "strength")),
        [rule(where(SPIKE, n={"exists": False}))],
        PLAIN,
    ),
    ("rule-never", [rule(where(COVER, outcome="breech"))], ("a", (*W0, "outcome")), [rule(where(COVER, outcome="breach"))], PLAIN),
    (
        "rule-never",
        [rule(where(SPIKE, value={"gte": {"threshold": "t"}, "lt": {"threshold": "t"}}))],
        ("a", (*W0, "value")),
        [rule(where(SPIKE, value={"gte": {"threshold": "t"}, "lt": {"threshold": "u"}}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(SPIKE, site="MNL"), scope={"site": {"in": ["BOG"]}})],
        ("a", (*W0, "site")),
        [rule(where(SPIKE, site="MNL"), scope={"site": {"in": ["MNL"]}})],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(scope={"strength": {"gte": 6}})],
        ("a", ("scope", "strength")),
        [rule(scope={"strength": {"gte": 4}})],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(**excused("2027-01-01", strength={"lt": 1}))],
        ("a", ("exceptions", 0, "where", "strength")),
        [rule(**excused("2027-01-01", strength={"lt": 2}))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(SPIKE | {"at_least": 2, "different": "site"}, within="4w")],
        ("a", ("when", "different")),
        [rule(SPIKE | {"at_least": 2, "different": "site"}, join=["vendor"], within="4w")],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(where(DRIFT, metric={"in": ["x", "y"]}) | {"at_least": 3, "different": "metric"}, within="4w")],
        ("a", ("when", "different")),
        [rule(where(DRIFT, metric={"in": ["x", "y", "z"]}) | {"at_least": 3, "different": "metric"}, within="4w")],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(every(where(SPIKE, strength={"gte": 3}), no(where({"signal": "attrition_spike"}, strength={"gte": 2}))))],
        ("a", ("when", "all", 1, "not")),
        [rule(every(where(SPIKE, strength={"gte": 3}), no(where({"signal": "attrition_spike"}, strength={"gte": 4}))))],
        PLAIN,
    ),
    (
        "rule-never",
        [rule(SPIKE | {"at_least": 5, "different": "vendor"}, within="4w")],
        ("a", ("when", "different")),
        [rule(SPIKE | {"at_least": 4, "different": "vendor"}, within="4w")],
        HERE,
    ),
    (
        "rule-always",
        [rule(where(SPIKE, strength={"gte": 1}))],
        ("a", (*W0, "strength", "gte")),
        [rule(where(SPIKE, strength={"gte": 2}))],
        PLAIN,
    ),
    (
        "rule-always",
        [rule(where(SPIKE, metric={"exists": True}))],
        ("a", (*W0, "metric", "exists")),
        [rule(where(SPIKE, function={"exists": True}))],
        PLAIN,
    ),
    (
        "rule-always",
        [rule(where(SPIKE, metric={"not_in": []}))],
        ("a", (*W0, "metric", "not_in")),
        [rule(where(SPIKE, metric={"not_in": ["x"]}))],
        PLAIN,
    ),
    (
        "rule-always",
        [rule(where(COVER, outcome={"in": ["met", "late", "breach", "not-known"]}))],
        ("a", (*W0, "outcome", "in")),
        [rule(where(COVER, outcome={"in": ["met", "late", "breach"]}))],
        PLAIN,
    ),
    (
        "rule-always",
        [rule(where(SPIKE, function={"exists": True, "ne": "x"}))],
        ("a", (*W0, "function", "exists")),
        [rule(where(SPIKE, function={"ne": "x"}))],
        PLAIN,
    ),
    (
        "rule-always",
        [rule(where(SPIKE, delta={"gt": 2, "gte": 3}))],
        ("a", (*W0, "delta", "gt")),
        [rule(where(SPIKE, delta={"gte": 3}))],
        PLAIN,
    ),
    (
        "rule-always",
        [rule(scope={"strength": {"lte": 5}})],
        ("a", ("scope", "strength", "lte")),
        [rule(scope={"strength": {"lte": 4}})],
        PLAIN,
    ),
    (
        "rule-threshold",
        [rule(where(SPIKE, value={"gte": {"threshold": "flor"}}))],
        ("a", (*W0, "value", "gte")),
        [rule(where(SPIKE, value={"gte": {"threshold": "floor"}}))],
        HERE,
    ),
    (
        "rule-threshold",
        [rule(where(SPIKE, metric="leavers", value={"gte": {"threshold": "ceiling"}}))],
        ("a", (*W0, "value", "gte")),
        [rule(where(DRIFT, metric="qa_score", value={"gte": {"threshold": "ceiling"}}))],
        HERE,
    ),
    (
        "rule-threshold",
        [rule(where(COVER, short={"gte": {"threshold": "floor"}}), keep_open_for=None)],
        ("a", (*W0, "short", "gte")),
        [rule(where(SPIKE, value={"gte": {"threshold": "floor"}}))],
        PLAIN,
    ),
    (
        "rule-metric-signal",
        [rule(where(SPIKE, metric="qa_score"))],
        ("a", (*W0, "metric", "eq")),
        [rule(where(SPIKE, metric="leavers"))],
        HERE,
    ),
    (
        "rule-metric-signal",
        [rule(where(DRIFT, metric={"in": ["csat", "occupancy"]}))],
        ("a", (*W0, "metric", "in", 1)),
        [rule(where(DRIFT, metric={"in": ["csat", "qa_score"]}))],
        HERE,
    ),
    (
        "rule-metric-signal",
        [rule(where(SPIKE, metric="qa_score"))],
        ("a", (*W0, "metric", "eq")),
        [rule(where(SPIKE, metric="elsewhere"))],
        HERE,
    ),
    # windows
    (
        "rule-not-for-ever",
        [rule(every(SPIKE, no(DRIFT)))],
        ("a", ("when", "all", 1, "not")),
        [rule(every(SPIKE, no(DRIFT | {"within": "4w"})))],
        PLAIN,
    ),
    (
        "rule-not-for-ever",
        [rule(every(SPIKE, no(DRIFT)))],
        ("a", ("when", "all", 1, "not")),
        [rule(every(SPIKE, no({"fact": "freeze"})))],
        PLAIN,
    ),
    (
        "rule-not-unjoined",
        [rule(every(SPIKE, no({"fact": "contract"})))],
        ("a", ("when", "all", 1, "not")),
        [rule(every(SPIKE, no({"fact": "contract"})), join=["site", "vendor"])],
        PLAIN,
    ),
    ("rule-open-for-ever", [rule(keep_open_for=None)], ("a", ()), [rule(COVER, keep_open_for=None)], PLAIN),
    ("rule-no-window", [rule(every(SPIKE, DRIFT))], ("a", ("when",)), [rule(every(SPIKE, DRIFT), within="4w")], PLAIN),
    (
        "rule-no-window",
        [rule({"any": [SPIKE, every(DRIFT, SPIKE | {"as": "two"})]})],
        ("a", ("when",)),
        [rule({"any": [SPIKE, DRIFT]})],
        PLAIN,
    ),
    ("rule-no-window", [rule(SPIKE | {"at_least": 3})], ("a", ("when",)), [rule(SPIKE | {"at_least": 3, "within": "4w"})], PLAIN),
    ("rule-no-window", [rule(every(SPIKE, DRIFT))], ("a", ("when",)), [rule(every(SPIKE, COVER))], PLAIN),
    (
        "rule-for-never",
        [rule({"any": [SPIKE, COVER]}, **{"for": "2w"})],
        ("a", ("for",)),
        [rule({"any": [SPIKE, DRIFT]}, **{"for": "2w"})],
        PLAIN,
    ),
    (
        "rule-for-never",
        [rule(keep_open_for="3d", **{"for": "2w"})],
        ("a", ("for",)),
        [rule(keep_open_for="8d", **{"for": "2w"})],
        HERE,
    ),
    ("rule-flaps", [rule(keep_open_for="3d")], ("a", ("keep_open_for",)), [rule(keep_open_for="1w")], HERE),
    (
        "rule-flaps",
        [rule(where(DRIFT, metric="csat"), keep_open_for="2w")],
        ("a", ("keep_open_for",)),
        [rule(where(DRIFT, metric="qa_score"), keep_open_for="2w")],
        HERE,
    ),
    (
        "rule-flaps",
        [rule(keep_open_for="3d")],
        ("a", ("keep_open_for",)),
        [rule({"signal": "data_exposure"}, keep_open_for="3d")],
        HERE,
    ),
    ("rule-no-effect", [rule(COVER)], ("a", ("keep_open_for",)), [rule(COVER, keep_open_for=None)], PLAIN),
    (
        "rule-no-effect",
        [rule({"fact": "thin"}, "a"), chain(COVER, "b", "thin", keep_open_for=None)],
        ("a", ("keep_open_for",)),
        [rule({"fact": "thin"}, "a"), chain(SPIKE, "b", "thin")],
        PLAIN,
    ),
    ("rule-no-effect", [rule(within="4w")], ("a", ("within",)), [rule(SPIKE | {"at_least": 2}, within="4w")], PLAIN),
    (
        "rule-no-effect",
        [rule(every(SPIKE, COVER), within="4w")],
        ("a", ("within",)),
        [rule(every(SPIKE, {"fact": "own"}), within="4w")],
        PLAIN,
    ),
    (
        "rule-no-effect",
        [rule(SPIKE | {"at_least": 2, "within": "4w"}, on_missing_data="fire")],
        ("a", ("on_missing_data",)),
        [rule(on_missing_data="fire")],
        PLAIN,
    ),
    # size
    ("rule-may-explode", [rule(every(SPIKE, DRIFT), join=[])], ("a", ("when",)), [rule(every(SPIKE, DRIFT), within="4w")], LARGE),
    (
        "rule-may-explode",
        [rule(every(SPIKE, DRIFT), join=[])],
        ("a", ("when",)),
        [rule(every(where(SPIKE, site="MNL"), where(DRIFT, site="MNL")), join=[], within="4w")],
        LARGE,
    ),
    # upkeep
    ("rule-untested", [rule(ident="b")], ("b", ()), [rule()], Known(tests=TESTS | {"b": TESTS["a"][1:]})),
    ("rule-no-negative-test", [rule(ident="b")], ("b", ()), [rule()], Known(tests=TESTS | {"b": []})),
    ("test-unknown-rule", [rule(DRIFT, "b")], ("a", ()), [rule()], Known(tests=TESTS)),
    (
        "rule-exception-expired",
        [rule(**excused("2026-11-20"))],
        ("a", ("exceptions", 0, "until")),
        [rule(**excused("2026-11-21"))],
        AT,
    ),
    (
        "rule-exception-expiring",
        [rule(**excused("2026-12-21"))],
        ("a", ("exceptions", 0, "until")),
        [rule(**excused("2026-12-22"))],
        AT,
    ),
    (
        "rule-exception-expiring",
        [rule(**excused("2026-11-21"))],
        ("a", ("exceptions", 0, "until")),
        [rule(**excused("2026-11-20"))],
        AT,
    ),
    (
        "rule-exception-all",
        [rule(where(SPIKE, strength={"gte": 3}), **excused("2027-11-20", strength={"gte": 2}))],
        ("a", ("exceptions", 0, "where")),
        [rule(where(SPIKE, strength={"gte": 3}), **excused("2027-11-20", strength={"gte": 4}))],
        AT,
    ),
    (
        "rule-deprecated",
        [rule(status="deprecated")],
        ("a", ("status",)),
        [rule(status="deprecated", replaced_by="b"), rule(DRIFT, "b")],
        PLAIN,
    ),
    (
        "rule-successor",
        [rule(status="deprecated", replaced_by="c"), rule(DRIFT, "b")],
        ("a", ("replaced_by",)),
        [rule(status="deprecated", replaced_by="b"), rule(DRIFT, "b")],
        PLAIN,
    ),
    (
        "rule-successor",
        [rule(status="deprecated", replaced_by="b"), rule(DRIFT, "b", status="deprecated")],
        ("a", ("replaced_by",)),
        [rule(status="deprecated", replaced_by="b"), rule(DRIFT, "b", status="test")],
        PLAIN,
    ),
    ("rule-successor", [rule(replaced_by="b"), rule(DRIFT, "b")], ("a", ("replaced_by",)), [rule(), rule(DRIFT, "b")], PLAIN),
    (
        "rule-link",
        [rule(references=["ISO 22301", "See http:/iso.org/22301"])],
        ("a", ("references", 1)),
        [
            rule(
                references=[
                    "See https://www.iso.org/standard/75106.html.",
                    "PCI DSS 4.0.1, 12.8: suppliers",
                    "Nearshore: 7 % a month",
                ]
            )
        ],
        PLAIN,
    ),
    ("rule-link", [rule(references=["www.iso.org"])], ("a", ("references", 0)), [rule(references=["(https://iso.org)"])], PLAIN),
    ("rule-idle", [rule(then={})], ("a", ("then",)), [rule(then={"playbooks": ["stay"]})], PLAIN),
    ("rule-idle", [chain(SPIKE, "a", "worn")], ("a", ("then",)), [chain(SPIKE, "a", "worn"), rule({"fact": "worn"}, "b")], PLAIN),
    (
        "rule-failover-empty",
        [rule(then=RAISE | {"failover": "assess"})],
        ("a", ("then", "failover")),
        [rule(then=RAISE | {"failover": "assess", "lose": [{"ref": "site:$site"}]})],
        PLAIN,
    ),
    (
        "rule-needs-draft",
        [rule({"fact": "worn"}), chain(DRIFT, "b", "worn", status="draft")],
        ("a", ("when", "fact")),
        [rule({"fact": "worn"}), chain(DRIFT, "b", "worn", status="test")],
        PLAIN,
    ),
    # across
    (
        "rule-same-logic",
        [
            rule(every(SPIKE, where(DRIFT, value={"gt": 3, "lt": 5})), within="4w"),
            rule(every(where(DRIFT, value={"lt": 5, "gt": 3}), SPIKE | {"as": "x"}), "b", within="4w"),
        ],
        ("b", ("when",)),
        [
            rule(every(SPIKE, where(DRIFT, value={"gt": 3, "lt": 5})), within="4w"),
            rule(every(where(DRIFT, value={"lt": 6, "gt": 3}), SPIKE | {"as": "x"}), "b", within="4w"),
        ],
        PLAIN,
    ),
    ("rule-same-logic", [rule(), rule(ident="b")], ("b", ("when",)), [rule(), rule(ident="b", status="draft")], PLAIN),
    (
        "rule-same-logic",
        [rule(), rule(ident="b")],
        ("b", ("when",)),
        [rule(), rule(ident="b", category="quality-drift", then={"raise": {"likelihood": 2, "impact": 2}})],
        PLAIN,
    ),
    (
        "rule-conflict",
        [rule(), rule(ident="b", **GRAVE)],
        ("b", ("then", "raise")),
        [rule(), rule(ident="b", join=["vendor"], **GRAVE)],
        PLAIN,
    ),
    (
        "rule-conflict",
        [rule(), rule(ident="b", severity="low")],
        ("b", ("severity",)),
        [rule(), rule(DRIFT, "b", severity="low")],
        PLAIN,
    ),
    (
        "rule-conflict",
        [
            rule(then=RAISE | {"lose": [{"ref": "site:$site"}]}),
            rule(ident="b", category="site-loss", then=RAISE | {"failover": "activate", "lose": [{"ref": "site:$site"}]}),
        ],
        ("b", ("then", "failover")),
        [
            rule(then=RAISE | {"lose": [{"ref": "site:$site"}]}),
            rule(ident="b", category="site-loss", then=RAISE | {"failover": "activate", "lose": [{"ref": "site:X"}]}),
        ],
        PLAIN,
    ),
    (
        "rule-shadowed",
        [rule(where(SPIKE, strength={"gte": 2})), rule(where(SPIKE, strength={"gte": 4}), "b", severity="low")],
        ("b", ("when",)),
        [rule(where(SPIKE, strength={"gte": 2})), rule(where(SPIKE, strength={"gte": 4}), "b", severity="critical")],
        PLAIN,
    ),
    (
        "rule-shadowed",
        [rule(), rule(every(SPIKE, no({"fact": "own"})), "b")],
        ("b", ("when",)),
        [rule(every(SPIKE, no({"fact": "other"}))), rule(every(SPIKE, no({"fact": "own"})), "b")],
        PLAIN,
    ),
    (
        "rule-shadowed",
        [rule(), rule(every(where(SPIKE, metric="leavers"), DRIFT), "b", within="4w")],
        ("b", ("when",)),
        [rule(), rule(every(where(SPIKE, metric="leavers"), DRIFT), "b", within="4w", then=RAISE | {"playbooks": ["stay"]})],
        PLAIN,
    ),
    (
        "rule-shadowed",
        [rule(every(SPIKE, DRIFT), within="4w"), rule(every(SPIKE, DRIFT), "b", within="2w")],
        ("b", ("when",)),
        [rule(every(SPIKE, DRIFT), within="2w", **GRAVE), rule(every(SPIKE, DRIFT), "b", within="4w", **MILD)],
        PLAIN,
    ),
    (
        "rule-severity-overlap",
        [rule(where(SPIKE, value={"gte": 2}), **MILD), rule(where(SPIKE, value={"gte": 4}), "b", **GRAVE)],
        ("b", (*W0, "value")),
        [rule(where(SPIKE, value={"gte": 2, "lt": 4}), **MILD), rule(where(SPIKE, value={"gte": 4}), "b", **GRAVE)],
        PLAIN,
    ),
    (
        "rule-severity-overlap",
        [rule(where(SPIKE, value={"gte": 2, "lte": 4}), **MILD), rule(where(SPIKE, value={"gte": 4}), "b", **GRAVE)],
        ("b", (*W0, "value")),
        [rule(where(SPIKE, value={"gte": 2, "lte": 4}), **MILD), rule(where(SPIKE, value={"gt": 4}), "b", **GRAVE)],
        PLAIN,
    ),
    (
        "rule-severity-gap",
        [rule(where(SPIKE, value={"lt": 3}), **MILD), rule(where(SPIKE, value={"gt": 3}), "b", **GRAVE)],
        ("b", (*W0, "value")),
        [rule(where(SPIKE, value={"lt": 3}), **MILD), rule(where(SPIKE, value={"gte": 3}), "b", **GRAVE)],
        PLAIN,
    ),
    (
        "rule-severity-gap",
        [rule(where(SPIKE, strength={"lte": 2}), **MILD), rule(where(SPIKE, strength={"gte": 4}), "b", **GRAVE)],
        ("b", (*W0, "strength")),
        [rule(where(SPIKE, strength={"lte": 2}), **MILD), rule(where(SPIKE, strength={"gte": 3}), "b", **GRAVE)],
        PLAIN,
    ),
    (
        "rule-severity-order",
        [
            rule(where(SPIKE, value={"lt": 3}), **MILD),
            rule(where(SPIKE, value={"gte": 3, "lt": 5}), "b", **GRAVE),
            rule(where(SPIKE, value={"gte": 5}), "c", severity="medium"),
        ],
        ("b", ("severity",)),
        [
            rule(where(SPIKE, value={"lt": 3}), **MILD),
            rule(where(SPIKE, value={"gte": 3, "lt": 5}), "b", severity="medium"),
            rule(where(SPIKE, value={"gte": 5}), "c", **GRAVE),
        ],
        PLAIN,
    ),
]


@pytest.mark.parametrize(("code", "wrong", "place", "sound", "known"), CASES)
def test_a_check_fires_at_its_place_and_nowhere_else(
    code: str, wrong: list[Rule], place: tuple[str, Path], sound: list[Rule], known: Known
) -> None:
    assert place in found(wrong, known).get(code, []), found(wrong, known)
    assert found(sound, known).get(code, []) == []


def test_every_check_has_such_a_pair() -> None:
    assert sorted({case[0] for case in CASES}) == sorted(CHECKS)


def test_a_rule_that_is_in_order_hears_nothing() -> None:
    assert found([rule()], Known(tests=TESTS, metrics=METRICS, counts=COUNTS, as_of=TODAY)) == {}


def test_every_fault_says_what_to_do_and_most_show_how() -> None:
    shown = 0
    for code, wrong, _, _, known in CASES:
        for fault in lint(wrong, lambda ident, path: Span(path="rules", cell=ident), known):
            assert fault.hint, fault
            shown += bool(fault.example) and fault.code == code
    assert shown > len(CASES) * 2 / 3
