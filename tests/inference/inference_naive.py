"""A third evaluator, for tests only: it reads a rule as its YAML says and raw facts, and shares no line with the engines.

It follows "The exact meaning" of docs/rule-language.md sentence by sentence, tries every fact for every pattern and every time for
every stretch. It is slow and short, so that it can be checked by reading.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from inference_fields import SIGNAL_FIELDS, SIGNAL_TEXTS, STANDING_FIELDS, STANDING_TEXTS

Raw = dict[str, Any]
Key = tuple[str, ...]
Way = tuple[list[Raw], list[Raw]]
Stretch = tuple[datetime | None, datetime | None]
Chosen = frozenset[tuple[str, str]]
Every = frozenset[tuple[str, int, str, str]]
Aside = tuple[str, str, Key, frozenset[str]]
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True)
class Taken:
    """A fact in the place of a pattern, with the time that counts for it; both ends None: a standing fact."""

    pattern: Raw
    fact: Raw
    start: datetime | None
    end: datetime | None


Combination = tuple[Taken, ...]
Firing = tuple[datetime | None, Combination]


class Found(NamedTuple):
    """The open episode of a rule at a key, as a finding tells it."""

    facts: frozenset[str]
    at: datetime
    since: datetime | None
    until: date | None
    """Day of its last dated firing, where the rule closes."""
    due: date | None
    chosen: Chosen
    """(`as`, fact id) of the combination that speaks for all."""
    every: Every
    """`as`, how many facts matched there, the oldest and the newest."""
    concluded: Raw | None


@dataclass
class World:
    """What there is to know."""

    facts: list[Raw]
    as_of: datetime
    thresholds: dict[str, dict[str, Any]]
    keys_of: dict[str, set[str]]
    """Conclusion → join fields of the rules that conclude it."""
    found: dict[tuple[str, Key], Found] = field(default_factory=dict)
    flagged: set[Aside] = field(default_factory=set)


def evaluate(rules: list[Raw], facts: list[Raw], as_of: datetime, thresholds: Raw | None = None) -> World:
    """`.found`: (rule id, join values) → what is found; `.flagged`: (why, rule id, join values, facts) of what would be found if
    overdue readings counted (the readings), or without the exceptions in force (the facts that they leave out)."""
    known = [fact for fact in facts if fact.get("at") is None or fact["at"] <= as_of]
    keys_of = {concluded(rule): set(rule.get("join", [])) for rule in rules if concluded(rule)}
    world = World(known, as_of, thresholds or {}, keys_of)
    waiting = list(rules)
    while waiting:
        still_made = {concluded(rule) for rule in waiting}
        ready = [rule for rule in waiting if not still_made & names(rule["when"])]
        assert ready, "conclusions come back to their own rule"
        for rule in ready:
            waiting.remove(rule)
            run(rule, world)
    return world


def names(when: Raw) -> set[str]:
    return {pattern.get("fact", "") for way in ways(when) for part in way for pattern in part}


def concluded(rule: Raw) -> str | None:
    return rule.get("then", {}).get("conclude", {}).get("fact")


def run(rule: Raw, world: World) -> None:
    missing = rule.get("on_missing_data", "flag")
    made = judge(rule, world, stand_in=missing == "fire")
    if missing == "flag":
        for key, episode in judge(rule, world, stand_in=True).items():
            late = frozenset(one.fact["id"] for one in taken(episode) if stands_in(one))
            world.flagged |= {("missing-data", rule["id"], key, late)} if key not in made else set()
    for key, episode in judge(rule, world, stand_in=missing == "fire", exceptions=False).items():
        left_out = frozenset(one.fact["id"] for one in taken(episode) if excepted(rule, one.fact, world))
        world.flagged |= {("exception", rule["id"], key, left_out)} if key not in made else set()
    for key, episode in made.items():
        found = telling(rule, key, episode, world)
        world.found[rule["id"], key] = found
        if found.concluded:
            world.facts.append(found.concluded)


def taken(episode: list[Firing]) -> list[Taken]:
    return [one for _, combination in episode for one in combination]


def stands_in(one: Taken) -> bool:
    return "signal" in one.pattern and one.fact.get("fact") == "missing_data"


def telling(rule: Raw, key: Key, episode: list[Firing], world: World) -> Found:
    facts = {one.fact["id"]: one.fact for one in taken(episode)}
    newest = max((fact["at"] for fact in facts.values() if fact.get("at")), default=None)
    dated = [at for at, _ in episode if at]
    chosen = frozenset((one.pattern["as"], one.fact["id"]) for one in speaker(rule, episode) if one.pattern.get("as"))
    every = frozenset(
        (name, len(some), some[0]["id"], some[-1]["id"]) for name in {name for name, _ in named_facts(episode)}
        if (some := oldest_first(fact for alias, fact in named_facts(episode) if alias == name))
    )  # fmt: skip
    until = max(dated).astimezone(UTC).date() if dated and length(rule, "keep_open_for") is not None else None
    return Found(
        frozenset(facts), newest or world.as_of, min(dated, default=None), until, deadline(rule, episode), chosen, every,
        conclusion(rule, key, newest),
    )  # fmt: skip


def conclusion(rule: Raw, key: Key, at: datetime | None) -> Raw | None:
    if not concluded(rule):
        return None
    name = ":".join(["concluded", rule["id"], *(["/".join(map(escaped, key))] if key else [])])
    fact = {"id": name, "fact": concluded(rule), "rule": rule["id"]} | ({"at": at} if at else {})
    return fact | dict(zip(rule.get("join", []), key, strict=True))


def named_facts(episode: list[Firing]) -> list[tuple[str, Raw]]:
    return [(one.pattern["as"], one.fact) for one in taken(episode) if one.pattern.get("as")]


def oldest_first(facts: Iterable[Raw]) -> list[Raw]:
    unique = {fact["id"]: fact for fact in facts}
    return sorted(unique.values(), key=lambda fact: (fact["at"].timestamp() if fact.get("at") else float("-inf"), fact["id"]))


def deadline(rule: Raw, episode: list[Firing]) -> date | None:
    due, _, hours = (rule.get("then", {}).get("raise", {}).get("due") or "").partition(" + ")
    alias, _, name = due.rpartition(".")
    later = timedelta(hours=int(hours.removesuffix("h") or 0))
    days = [fact[name] for other, fact in named_facts(episode) if other == alias and fact.get(name)]
    times = (day if isinstance(day, datetime) else datetime.fromisoformat(f"{day}T00:00:00Z") for day in days)
    return min(((time + later).astimezone(UTC).date() for time in times), default=None)


def speaker(rule: Raw, episode: list[Firing]) -> Combination:
    """The newest facts, one after the other, then the strongest, then the first in the rule and by id."""
    order = [id(pattern) for pattern in in_file_order(rule["when"])]

    def rank(combination: Combination) -> Any:
        newest = sorted(-one.fact["at"].timestamp() for one in combination if one.fact.get("at"))
        places = sorted((order.index(id(one.pattern)), one.fact["id"]) for one in combination)
        strengths = [one.fact.get("strength") for one in combination]
        return newest, -sum(one for one in strengths if isinstance(one, int | float)), places

    return min((combination for _, combination in episode), key=rank)


def in_file_order(when: Raw) -> list[Raw]:
    parts = when.get("all") or when.get("any") or ([when["not"]] if "not" in when else [])
    return [pattern for part in parts for pattern in in_file_order(part)] if parts else [when]


def escaped(value: str) -> str:
    return value.replace("%", "%25").replace("/", "%2F")


def judge(rule: Raw, world: World, *, stand_in: bool, exceptions: bool = True) -> dict[Key, list[Firing]]:
    """Every key with an open episode that counts; `stand_in`: missing data is a candidate like the signal that is missing;
    `exceptions`: those in force leave facts out."""
    firings: dict[Key, list[Firing]] = {}
    for wanted, unwanted in ways(rule["when"]):
        combinations: list[Combination] = [()]
        for pattern in wanted:
            more = candidates(rule, pattern, world, stand_in=stand_in, exceptions=exceptions)
            combinations = [(*some, one) for some in combinations for one in more if together(rule, (*some, one), world)]
        for combination in combinations:
            key = key_of(rule, combination, world)
            assert key is not None
            if not any(silenced(pattern, key, world) for pattern in unwanted):
                at = max((one.end for one in combination if one.end), default=None)
                values = tuple(key[name] for name in rule.get("join", []))
                firings.setdefault(values, []).append((at, combination))
    episodes = {key: open_episode(rule, many, world.as_of) for key, many in firings.items()}
    return {key: episode for key, episode in episodes.items() if episode}


def ways(when: Raw) -> list[Way]:
    """Every way in which `when` can hold: the patterns that are wanted, and those that are not."""
    if "any" in when:
        return [way for part in when["any"] for way in ways(part)]
    if "not" in when:
        return [([], [when["not"]])]
    if "all" not in when:
        return [([when], [])]
    result: list[Way] = [([], [])]
    for part in when["all"]:
        result = [(left + more, no + further) for left, no in result for more, further in ways(part)]
    return result


def candidates(rule: Raw, pattern: Raw, world: World, *, stand_in: bool, exceptions: bool) -> list[Taken]:
    def good(fact: Raw) -> bool:
        right = fits(pattern, fact, world) or (stand_in and "at_least" not in pattern and in_place(pattern, fact, world))
        placed = all(isinstance(fact.get(name), str) for name in joined(rule, pattern, world))
        return right and placed and in_scope(rule, fact, world) and not (exceptions and excepted(rule, fact, world))

    fitting = [fact for fact in world.facts if good(fact)]
    if "at_least" not in pattern:
        return [Taken(pattern, fact, fact.get("at"), fact.get("at")) for fact in fitting]
    if "different" in pattern:
        fitting = [fact for fact in fitting if fact.get(pattern["different"]) is not None]
    return [Taken(pattern, fact, *stretch) for fact in fitting for stretch in stretches(rule, pattern, fact, fitting, world)]


def fits(pattern: Raw, fact: Raw, world: World) -> bool:
    kind = "signal" if "signal" in pattern else "fact"
    return fact.get(kind) == pattern[kind] and meets(pattern.get("where", {}), fact, world)


def in_place(pattern: Raw, fact: Raw, world: World) -> bool:
    """A `missing_data` that says that this signal could not be given; conditions on what it does not have are waived."""
    asked = {name: want for name, want in pattern.get("where", {}).items() if name in STANDING_FIELDS["missing_data"]}
    mine = fact.get("fact") == "missing_data" and "signal" in pattern and fact.get("watches") == pattern["signal"]
    return mine and meets(asked, fact, world)


def in_scope(rule: Raw, fact: Raw, world: World) -> bool:
    def has(name: str) -> bool:
        if "signal" in fact:
            return name in SIGNAL_FIELDS
        return name in (STANDING_FIELDS.get(fact["fact"]) or world.keys_of.get(fact["fact"], {name}))

    bound = {name: want for name, want in rule.get("scope", {}).items() if has(name)}
    return meets(bound, fact, world) and all(fact.get(name) is not None for name in bound)


def excepted(rule: Raw, fact: Raw, world: World) -> bool:
    today = world.as_of.astimezone(UTC).date()
    in_force = [one for one in rule.get("exceptions", []) if today <= date.fromisoformat(str(one["until"]))]
    return any(meets(one["where"], fact, world) for one in in_force)


def joined(rule: Raw, pattern: Raw, world: World) -> list[str]:
    """The join fields that facts of the pattern's kind carry."""
    kind = pattern.get("fact", "")
    carried = SIGNAL_TEXTS if "signal" in pattern else STANDING_TEXTS.get(kind, world.keys_of.get(kind))
    return [name for name in rule.get("join", []) if carried is None or name in carried]


def stretches(rule: Raw, pattern: Raw, fact: Raw, fitting: list[Raw], world: World) -> list[Stretch]:
    """The shortest stretches that hold the fact and enough company."""
    place = joined(rule, pattern, world)
    company = [other for other in fitting if all(other[name] == fact[name] for name in place)]
    standing = [other for other in company if other.get("at") is None]
    at = fact.get("at")
    if at is None and enough(pattern, standing):
        return [(None, None)]
    times = sorted({other["at"] for other in company if other.get("at")})
    longest = next((span for owner in (pattern, rule) if (span := length(owner, "within")) is not None), timedelta.max)
    holding = [
        (start, end)
        for start in times
        for end in times
        if start <= end and end - start <= longest and (at is None or start <= at <= end)
        and enough(pattern, standing + [other for other in company if other.get("at") and start <= other["at"] <= end])
    ]  # fmt: skip
    return [(a, b) for a, b in holding if not any(a <= c and d <= b and (a, b) != (c, d) for c, d in holding)]


def enough(pattern: Raw, facts: Iterable[Raw]) -> bool:
    if "different" not in pattern:
        return len(list(facts)) >= pattern["at_least"]
    values: list[Any] = []
    for value in (fact.get(pattern["different"]) for fact in facts):
        if value is not None and not any(same(value, other) for other in values):
            values.append(value)
    return len(values) >= pattern["at_least"]


def together(rule: Raw, combination: Combination, world: World) -> bool:
    alone = [one.fact["id"] for one in combination if "at_least" not in one.pattern]
    starts, ends = [one.start for one in combination if one.start], [one.end for one in combination if one.end]
    within = length(rule, "within")
    near = within is None or not ends or max(ends) - min(starts) <= within
    return near and len(alone) == len(set(alone)) and key_of(rule, combination, world) is not None


def key_of(rule: Raw, combination: Combination, world: World) -> dict[str, str] | None:
    """The join values on which all facts agree; None where they do not."""
    key: dict[str, str] = {}
    for one in combination:
        for name in joined(rule, one.pattern, world):
            if key.setdefault(name, one.fact[name]) != one.fact[name]:
                return None
    return key


def silenced(pattern: Raw, key: dict[str, str], world: World) -> bool:
    own = length(pattern, "within")
    against = [
        fact for fact in world.facts
        if fits(pattern, fact, world)
        and all(fact.get(name) is None or fact[name] == value for name, value in key.items())
        and (own is None or fact.get("at") is None or world.as_of - fact["at"] <= own)
    ]  # fmt: skip
    return enough({"at_least": 1} | pattern, against)


def open_episode(rule: Raw, firings: list[Firing], as_of: datetime) -> list[Firing]:
    keep, least = length(rule, "keep_open_for"), length(rule, "for")
    episode: list[Firing] = []
    for at, combination in sorted(firings, key=lambda firing: firing[0] or as_of):
        if episode and keep is not None and (at or as_of) - (episode[-1][0] or as_of) > keep:
            episode = []
        episode.append((at, combination))
    if keep is not None and as_of - (episode[-1][0] or as_of) > keep:
        return []
    dated = [at for at, _ in episode if at]
    if least is not None and (not dated or max(dated) - min(dated) < least):
        return []
    return episode


def length(owner: Raw, name: str) -> timedelta | None:
    return timedelta(seconds=int(owner[name][:-1]) * SECONDS[owner[name][-1]]) if owner.get(name) else None


def meets(where: Raw, fact: Raw, world: World) -> bool:
    wanted = [(name, want if isinstance(want, dict) else {"eq": want}) for name, want in where.items()]
    return all(holds(word, limit, fact.get(name), fact, world) for name, want in wanted for word, limit in want.items())


def holds(word: str, limit: Any, value: Any, fact: Raw, world: World) -> bool:
    if word == "exists" or value is None:
        return word == "exists" and (value is not None) == limit
    if word in ("eq", "ne"):
        return same(value, limit) == (word == "eq")
    if word in ("in", "not_in"):
        return any(same(value, one) for one in limit) == (word == "in")
    limit = named(limit["threshold"], fact, world) if isinstance(limit, dict) else limit
    if limit is None or isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return {"gt": value > limit, "gte": value >= limit, "lt": value < limit, "lte": value <= limit}[word]


def same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and isinstance(one, str) == isinstance(other, str) and one == other


def named(name: str, fact: Raw, world: World) -> float | None:
    """A metric's threshold as its file says, of the overrides that fit the fact the narrowest."""
    threshold = world.thresholds.get(fact.get("metric"), {}).get(name)
    if not isinstance(threshold, dict):
        return threshold
    value, narrowest = threshold["value"], [False] * 4
    for one in threshold.get("overrides", []):
        places = ["function" in one, "site" in one, "vendor" in one, "client" in one]
        if places > narrowest and all(fact.get(name) == one[name] for name in one if name != "value"):
            value, narrowest = one["value"], places
    return value
