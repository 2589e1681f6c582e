"""The shortest stretches of counted patterns, against every stretch there is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations_with_replacement
from random import Random
from typing import Any

import pytest

from riskreg.inference.facts.counting import stretched
from riskreg.inference.language.meaning import Candidate, Item
from riskreg.model.rule import Pattern

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = 86400
Stretch = tuple[str, datetime | None, datetime | None]


def candidate(name: str, day: int | None, **fields: Any) -> Candidate:
    at = None if day is None else START + timedelta(days=day)
    return Candidate(Item(name, at, {"id": name, "signal": "quality_drift", **fields}), at, at)


def counted(least: int, different: str | None = None) -> Pattern:
    return Pattern(signal="quality_drift", at_least=least, different=different)


def told(found: list[Candidate] | None) -> set[Stretch]:
    assert found is not None
    assert len(set(found_as(found))) == len(found)
    return set(found_as(found))


def found_as(found: list[Candidate]) -> list[Stretch]:
    return [(one.item.id, one.start, one.end) for one in found]


def by_hand(candidates: list[Candidate], pattern: Pattern, within: int | None) -> set[Stretch]:
    """As the contract has it: all stretches, then those that hold a candidate and have no shorter one within that does too."""
    field = pattern.different
    usable = [one for one in candidates if field is None or field in one.item.fact]
    standing, dated = [one for one in usable if one.start is None], [one for one in usable if one.start is not None]

    def enough(start: datetime | None, end: datetime | None) -> bool:
        inside = standing + [one for one in dated if start is not None and end is not None and start <= one.start <= end]  # type: ignore[operator]
        values = {one.item.id if field is None else (type(one.item.fact[field]), one.item.fact[field]) for one in inside}
        return len(values) >= (pattern.at_least or 1)

    times = sorted({one.start for one in dated if one.start})
    stretches = [
        (start, end)
        for start, end in combinations_with_replacement(times, 2)
        if enough(start, end) and (within is None or end - start <= timedelta(seconds=within))
    ]

    def shortest(some: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
        return [(a, b) for a, b in some if not any((c, d) != (a, b) and a <= c and d <= b for c, d in some)]

    found: set[Stretch] = set()
    for one in dated:
        assert one.start is not None
        found |= {(one.item.id, a, b) for a, b in shortest([(a, b) for a, b in stretches if a <= one.start <= b])}
    alone = enough(None, None)
    for one in standing:
        found |= {(one.item.id, None, None)} if alone else {(one.item.id, a, b) for a, b in shortest(stretches)}
    return found


@pytest.mark.parametrize("seed", range(400))
def test_the_shortest_stretches_are_those_of_the_contract(seed: int) -> None:
    random = Random(seed)
    values: list[Any] = ["MNL", "CEB", "BOG", 1, True, "1"]
    facts = []
    for number in range(random.randint(0, 14)):
        day = None if random.random() < 0.15 else random.randint(0, 12)
        fields = {} if random.random() < 0.15 else {"site": random.choice(values)}
        facts.append(candidate(f"f{number:02}", day, **fields))
    pattern = counted(random.randint(2, 5), random.choice((None, "site")))
    within = random.choice((None, 0, 2 * DAY, 5 * DAY))
    assert told(stretched(facts, pattern, within, 10_000)) == by_hand(facts, pattern, within)


def test_three_in_four_weeks() -> None:
    facts = [candidate("a", 0), candidate("b", 10), candidate("c", 28), candidate("d", 39), candidate("e", 90)]
    found = told(stretched(facts, counted(3), 28 * DAY, 100))
    assert found == {(name, START, START + timedelta(days=28)) for name in "abc"}  # b, c and d lie 29 days apart


def test_a_value_counts_once() -> None:
    facts = [candidate("a", 0, site="MNL"), candidate("b", 1, site="MNL"), candidate("c", 3, site="CEB"), candidate("d", 4)]
    at = {one.item.id: one.start for one in facts}
    found = told(stretched(facts, counted(2, "site"), 7 * DAY, 100))
    assert found == {("a", at["a"], at["c"]), ("b", at["b"], at["c"]), ("c", at["b"], at["c"])}


def test_more_than_may_be_looked_at_are_not_made() -> None:
    facts = [candidate(f"f{number}", number) for number in range(50)]
    assert stretched(facts, counted(10), None, 100) is None
    assert stretched([candidate("s", None), *facts], counted(3), None, 120) is None


def test_a_hundred_thousand_facts_are_one_sweep() -> None:
    facts = [candidate(f"f{number:06}", number) for number in range(100_000)]
    found = stretched(facts, counted(2), DAY, 500_000)
    assert found is not None
    assert len(found) == 2 * len(facts) - 2
