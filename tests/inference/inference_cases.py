"""Random rule sets and facts for the differential test: seeded, so that a failure can be had again by its number.

All of the language is drawn. Times fall on the edges of windows, stretches and episodes as often as not; texts look like numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from math import prod
from random import Random
from typing import Any

from inference_fields import SIGNAL_TEXTS, STANDING_TEXTS
from inference_naive import Chosen, Every, Raw, in_file_order, names, ways

AS_OF = datetime(2026, 11, 16, tzinfo=UTC)
SIGNALS = ("attrition_spike", "quality_drift", "data_exposure")
CUSTOM = ("open_action", "audit")
PLACES = {"site": ("MNL", "10"), "vendor": ("altura", "10"), "function": ("ORD-EN", "FRAUD"), "client": ("MER", "true")}
METRICS = ("qa_score", "10", "1e-05", 'a/b % "c" \\ ä')
NUMBERS = (1e-05, 0.1, 2.5, 3, 3.0, 12, -3.5, 1e15, 2**53, 2**53 - 1, 0)
JOINS = (
    *[("site",)] * 4,
    *[("metric",)] * 2,
    ("site", "vendor"),
    ("vendor",),
    ("site", "metric"),
    ("metric", "vendor"),
    ("function",),
    (),
)
STANDING: dict[str, dict[str, tuple[Any, ...]]] = {
    "served": {name: PLACES[name] for name in ("site", "vendor", "function")} | {"tier": (1, 2, 3), "pci": (True, False)},
    "contract": {"vendor": PLACES["vendor"], "days_left": (10, 60, 200), "notice_by": ("2026-12-01", "2027-01-31")},
    "cover": {name: PLACES[name] for name in ("site", "vendor", "function")} | {"tier": (1, 2, 3), "outcome": ("met", "breach")},
    "risk": PLACES | {"category": ("quality-drift", "data-exposure"), "state": ("identified", "accepted")},
    "missing_data": PLACES
    | {"watches": SIGNALS, "metric": METRICS[:3], "days_late": (1, 7, 21), "due": ("2026-10-18", "2026-11-09")},
}
DATES = {"signal": "at", "contract": "notice_by", "missing_data": "due"}
"""Kind → a field of its that is a date."""
MOST_COMBINATIONS = 20_000
"""Of one branch, before joining."""


@dataclass
class Case:
    """One question: rules, facts and thresholds as they are written in files."""

    rules: list[Raw]
    facts: list[Raw]
    thresholds: Raw


@dataclass
class Scene:
    """What one case draws from: times are multiples of `step` days, so that they meet the edges of spans."""

    random: Random
    step: int
    signals: tuple[str, ...]
    history: bool = False
    """Whether facts lie far apart, so that an engine that joins in windows of time has many of them."""
    made: dict[str, list[str]] = field(default_factory=dict)
    """Conclusions of the rules so far, with their join."""

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, values: Any) -> Any:
        return self.random.choice(tuple(values))

    def span(self) -> str:
        days = self.step * self.pick((1, 1, 1, 2, 2, 3, 4))
        return self.pick((f"{days}d", f"{days * 24}h", f"{days // 7}w" if days % 7 == 0 else f"{days}d"))

    def at(self) -> datetime:
        steps = self.random.randint(0, 40) if self.history else self.pick((0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6))
        at = AS_OF - timedelta(days=self.step * steps - self.chance(0.05), seconds=self.pick((*[0] * 8, 1, -1)))
        return at.astimezone(timezone(timedelta(hours=9))) if self.chance(0.1) else at


def draw(seed: int) -> Case:
    """A rule set whose structure is sound, with facts and thresholds."""
    return draw_from(Random(seed), always_true=seed % 50 == 0, history=seed % 8 == 1)


def draw_from(random: Random, *, always_true: bool = False, history: bool = False) -> Case:
    """The same from any source of chance; `always_true`: a hundred rules that hold for every spike at once, among others."""
    scene = Scene(random, random.choice((1, 3, 7)), tuple(random.sample(SIGNALS, random.choice((1, 2, 2, 3)))), history)
    facts = [fact(scene, number) for number in range(random.randint(10, 40) + 30 * history)]
    kinds = Counter(one.get("signal") or one["fact"] for one in facts)
    rules = [plain(number, {"signal": scene.signals[0]}, ["site"]) for number in range(100 if always_true else 0)]
    for number in range(len(rules), len(rules) + random.randint(3, 6)):
        tries = (rule(scene, number) for _ in range(60))
        if found := next((one for one in tries if sound(one, scene.made) and small(one, kinds)), None):
            rules.append(found)
            if "conclude" in found["then"]:
                scene.made[found["then"]["conclude"]["fact"]] = found["join"]
                kinds[found["then"]["conclude"]["fact"]] += 3
    if any("risk" in names(one["when"]) for one in rules):
        for one in rules:  # rules must not look at what comes of them
            one["then"].pop("raise", None)
    random.shuffle(facts)
    random.shuffle(rules)
    return Case(rules, facts, thresholds(scene))


def plain(number: int, when: Raw, join: list[str]) -> Raw:
    return {
        "id": f"rule-{number}", "version": 1, "title": "Random", "owner": "quality-lead", "category": "quality-drift",
        "severity": "high", "when": when, "join": join, "then": {}, "explain": "Random",
    }  # fmt: skip


def rule(scene: Scene, number: int) -> Raw:
    found = plain(number, tree(scene, 2), list(scene.pick(JOINS)))
    for name, share in (("within", 0.5), ("for", 0.25), ("keep_open_for", 0.4)):
        if scene.chance(share):
            found[name] = scene.span()
    if scene.chance(0.7):
        found["on_missing_data"] = scene.pick(("flag", "flag", "ok", "fire", "fire"))
    if scene.chance(0.25):
        found["scope"] = dict([scene.pick((condition(scene), place(scene), place(scene), ("tier", {"lte": 2})))])
    if scene.chance(0.25):
        found["exceptions"] = [exception(scene) for _ in range(scene.pick((1, 2)))]
    if scene.chance(0.6):
        # Older conclusions may have been looked at, so a second rule concludes only the newest one: no cycle.
        newest = [name for name, join in list(scene.made.items())[-1:] if join == found["join"]]
        again = [name for name in newest if name not in names(found["when"])]
        found["then"]["conclude"] = {"fact": again[0] if again and scene.chance(0.3) else f"made-{number}"}
    wanted = [part for wanted, _ in ways(found["when"]) for part in wanted]
    patterns = [part for part in in_file_order(found["when"]) if any(part is one for one in wanted)]
    for position, part in enumerate(patterns):
        part["as"] = f"p{position}"
    found["explain"] = speech(part["as"] for part in patterns)
    dates = [f"{part['as']}.{DATES[name]}" for part in patterns if (name := part.get("fact", "signal")) in DATES]
    if dates and scene.chance(0.5):
        found["then"]["raise"] = {"likelihood": 3, "impact": 3, "due": scene.pick(dates) + (" + 36h" if number % 2 else "")}
    return found


def speech(aliases: Iterable[str | None]) -> str:
    """An explain text that says which fact speaks for each pattern, and how many matched there, from which to which."""
    return " ; ".join(
        f"{name} | {{% if {name} %}}{{{{ {name}.id }}}}{{% else %}}-{{% endif %}} | {{{{ every.{name} | length }}}}"
        f"{{% if every.{name} %}} | {{{{ (every.{name} | first).id }}}} | {{{{ (every.{name} | last).id }}}}{{% endif %}}"
        for name in sorted({name for name in aliases if name})
    )


def heard(text: str) -> tuple[Chosen, Every]:
    """What a finding with the explain text `speech` says."""
    spoken = [(name, chosen, rest) for part in text.split(" ; ") if " | " in part for name, chosen, *rest in [part.split(" | ")]]
    chosen = frozenset((name, fact) for name, fact, _ in spoken if fact != "-")
    return chosen, frozenset((name, int(rest[0]), rest[1], rest[2]) for name, _, rest in spoken if len(rest) == 3)


def tree(scene: Scene, depth: int) -> Raw:
    kind = scene.pick(("all", "all", "any", "pattern")) if depth else "pattern"
    if kind == "pattern":
        return pattern(scene)
    parts = [tree(scene, depth - 1) for _ in range(scene.random.randint(1, 2 if depth == 1 else 3))]
    if kind == "all" and scene.chance(0.6):
        parts.append({"not": negated(scene)})
    scene.random.shuffle(parts)
    return {kind: parts}


def pattern(scene: Scene) -> Raw:
    found = kind(scene)
    if scene.chance(0.35):
        found["at_least"] = scene.pick((2, 2, 3))
        if scene.chance(0.4):
            found["different"] = scene.pick(("site", "metric", "metric", "function", "value", "vendor", "at"))
        if scene.chance(0.6):
            found["within"] = scene.span()
    return found


def negated(scene: Scene) -> Raw:
    found = kind(scene) if scene.chance(0.5) else {"signal": scene.pick(scene.signals)}
    if scene.chance(0.6):
        found["within"] = scene.span()
    if scene.chance(0.5):
        found["at_least"] = scene.pick((2, 2, 3))
        if scene.chance(0.75):
            found["different"] = scene.pick(("metric", "strength", "note"))
    return found


def kind(scene: Scene) -> Raw:
    """What a pattern names, and where."""
    if scene.made and scene.chance(0.4):
        found: Raw = {"fact": scene.pick(scene.made)}
        return found if scene.chance(0.8) else found | {"where": {"site": {"exists": True}}}
    if scene.chance(0.25):
        found = {"fact": scene.pick((*STANDING, *CUSTOM, *CUSTOM, *CUSTOM))}
        if scene.chance(0.4) and (fields := STANDING.get(found["fact"])):
            name = scene.pick(fields)
            return found | {"where": {name: {scene.pick(("in", "not_in")): [scene.pick(fields[name])]}}}
    else:
        found = {"signal": scene.pick(scene.signals)}
    return found | {"where": dict([condition(scene) for _ in range(scene.pick((1, 1, 2)))])} if scene.chance(0.4) else found


def condition(scene: Scene) -> tuple[str, Any]:
    word = scene.pick(("gt", "gte", "lt", "lte"))
    drawn: tuple[tuple[str, Any], ...] = (
        ("strength", {scene.pick((word, "eq", "ne")): scene.pick((1, 2, 3, 3.0, 4, 2.5))}),
        ("strength", {"gte": 2, "lt": 5}),
        ("value", scene.pick(({"exists": True}, {"exists": False}, {"gte": 1e-05}, {"lt": 2**53}, {word: 3}))),
        *[("value", {word: {"threshold": scene.pick(("floor", "floor", "floor", "roof"))}})] * 4,
        ("metric", scene.pick((scene.pick(METRICS), {"in": scene.random.sample(METRICS, 3)}, {"not_in": [METRICS[0]]}))),
        ("metric", {"ne": METRICS[1]}),
        ("note", scene.pick((True, 1, "1", {"ne": 1}, {"exists": False}, {"in": [True, "1"]}))),
        ("at", {"exists": scene.chance(0.5)}),
        place(scene),
    )
    return scene.pick(drawn)


def place(scene: Scene) -> tuple[str, Any]:
    name = scene.pick(PLACES)
    return name, scene.pick((scene.pick(PLACES[name]), {"in": [PLACES[name][0], "elsewhere"]}, {"ne": PLACES[name][1]}))


def exception(scene: Scene) -> Raw:
    # The last day is inclusive, and as-of is midnight: yesterday's exception is over, today's is in force.
    until = (AS_OF + timedelta(days=scene.pick((-30, -1, 0, 0, 1)))).date()
    return {
        "where": dict([scene.pick((condition(scene), place(scene)))]),
        "until": until,
        "reason": "ramp-down",
        "approved_by": "ops",
    }


def thresholds(scene: Scene) -> Raw:
    """As in metric files: `floor` of some metrics, bare or with overrides."""
    found: Raw = {}
    for metric in scene.random.sample(METRICS, 3):
        overrides: dict[tuple[Any, ...], Raw] = {}
        for _ in range(scene.random.randint(1, 4)):
            where = {name: scene.pick(PLACES[name]) for name in scene.random.sample(tuple(PLACES), scene.pick((1, 1, 2)))}
            overrides[tuple(sorted(where.items()))] = where | {"value": scene.pick((0, 1e-05, 2.5, 12, 1e15))}
        value = scene.pick((0.1, 3, 12))
        found[metric] = {"floor": {"value": value, "overrides": list(overrides.values())} if overrides else value}
    return found


def fact(scene: Scene, number: int) -> Raw:
    kind = scene.pick((*scene.signals * (6 // len(scene.signals)), *STANDING, "missing_data", "missing_data", *CUSTOM))
    found: Raw = {"id": f"f{number}", "signal" if kind in SIGNALS else "fact": kind}
    if kind in STANDING:
        full, dated = (0.7 if kind in ("risk", "missing_data") else 1.0), 0.1
        found |= {name: scene.pick(values) for name, values in STANDING[kind].items() if scene.chance(full)}
    else:
        dated = 0.95 if kind in SIGNALS else 0.6
        found |= {name: scene.pick(values) for name, values in PLACES.items() if scene.chance(0.9)}
        found |= {"strength": scene.pick((1, 2, 3, 3.0, 4, 5)), "metric": scene.pick((*METRICS, *METRICS, 10))}
        found |= {"value": scene.pick(NUMBERS)} if scene.chance(0.8) else {}
        found |= {"note": scene.pick((True, 1, 1.0, "1", None))} if scene.chance(0.4) else {}
    return found | ({"at": scene.at()} if scene.chance(dated) else {})


def sound(rule: Raw, made: dict[str, list[str]]) -> bool:
    """Each branch has a pattern for each join field and hangs together, and a `not` speaks of a place that the key has."""
    join = set(rule["join"])

    def carried(pattern: Raw) -> set[str]:
        if "signal" in pattern:
            return join & SIGNAL_TEXTS
        return join & set(STANDING_TEXTS.get(pattern["fact"], made.get(pattern["fact"], join)))

    for wanted, unwanted in ways(rule["when"]):
        if not wanted or (join and not all(carried(pattern) for pattern in unwanted)):
            return False
        groups: list[set[str]] = []
        for fields in map(carried, wanted):
            apart = [group for group in groups if not group & fields]
            groups = [*apart, fields.union(*(group for group in groups if group & fields))]
        if join and (len(groups) > 1 or groups[0] != join):
            return False
    return True


def small(rule: Raw, kinds: Counter[str]) -> bool:
    """So few combinations that the naive evaluator can try them all."""
    branches = ways(rule["when"])
    sizes = [prod(1 + kinds[p.get("signal") or p["fact"]] for p in wanted) for wanted, _ in branches]
    return len(branches) <= 8 and max(sizes) <= MOST_COMBINATIONS
