"""From the combinations of one key to its firing: episodes, `for`, `keep_open_for`, the union, and who speaks for all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from inference_rules import AS_OF, rule

from riskreg.inference.engines.episodes import Combination, firing
from riskreg.inference.language.meaning import Candidate, Firing, Item

KEY = (("site", "MNL"),)
SECOND = timedelta(seconds=1)


def taken(ident: str, days: float | None, strength: int = 3) -> Candidate:
    """A fact so many days before as-of; None: a standing one."""
    at = None if days is None else AS_OF - timedelta(days=days)
    return Candidate(Item(ident, at, {"id": ident, "strength": strength}), at, at)


def combined(*candidates: Candidate) -> Combination:
    ends = [one.end for one in candidates if one.end is not None]
    return tuple(range(len(candidates))), candidates, max(ends, default=None)


def fire(*combinations: Combination, **fields: str) -> Firing | None:
    return firing(rule({"signal": "attrition_spike"}, **fields), KEY, combinations, AS_OF)


def facts(found: Firing | None) -> tuple[str, ...] | None:
    return found.facts if found else None


def test_without_keep_open_for_all_firings_are_one_episode() -> None:
    found = fire(combined(taken("a", 300)), combined(taken("b", 100)))
    assert found is not None
    assert found.facts == ("a", "b")
    assert (found.since, found.until) == (AS_OF - timedelta(days=300), AS_OF - timedelta(days=100))


def test_a_gap_longer_than_keep_open_for_begins_an_episode_and_one_as_long_does_not() -> None:
    old, middle, new = taken("a", 21), taken("b", 14), taken("c", 7)
    assert facts(fire(combined(old), combined(middle), combined(new), keep_open_for="7d")) == ("a", "b", "c")
    early = Candidate(old.item, AS_OF - timedelta(days=21) - SECOND, AS_OF - timedelta(days=21) - SECOND)
    found = fire(combined(early), combined(middle), combined(new), keep_open_for="7d")
    assert facts(found) == ("b", "c")
    assert found is not None
    assert found.since == AS_OF - timedelta(days=14)


@pytest.mark.parametrize(("keep", "open_"), [("7d", True), ("167h", False)])
def test_the_last_episode_is_open_up_to_its_end(keep: str, open_: bool) -> None:
    assert (fire(combined(taken("a", 7)), keep_open_for=keep) is not None) == open_


@pytest.mark.parametrize(("least", "enough"), [("7d", True), ("169h", False)])
def test_an_episode_lasts_from_its_first_to_its_last_firing(least: str, enough: bool) -> None:
    found = fire(combined(taken("a", 10)), combined(taken("b", 3)), **{"for": least})
    assert (found is not None) == enough


def test_only_the_open_episode_must_last() -> None:
    long_ago = [combined(taken(f"old-{days}", days)) for days in (40, 45, 50)]
    assert fire(*long_ago, combined(taken("a", 1)), keep_open_for="1w", **{"for": "2d"}) is None
    assert facts(fire(*long_ago, combined(taken("a", 1)), keep_open_for="1w")) == ("a",)


def test_standing_facts_alone_fire_at_as_of_and_last_no_time() -> None:
    found = fire(combined(taken("a", None)), keep_open_for="1d")
    assert found is not None
    assert (found.facts, found.since, found.until) == (("a",), None, None)
    assert fire(combined(taken("a", None)), **{"for": "1d"}) is None
    assert fire(combined(taken("a", None)), combined(taken("b", 5)), **{"for": "1d"}) is None


def test_standing_facts_are_in_one_episode_with_what_is_still_open() -> None:
    assert facts(fire(combined(taken("a", None)), combined(taken("b", 5)), keep_open_for="5d")) == ("a", "b")
    found = fire(combined(taken("a", None)), combined(taken("b", 5)), keep_open_for="4d")
    assert found is not None
    assert (found.facts, found.since) == (("a",), None)


def test_a_stretch_fires_at_its_end() -> None:
    early = taken("a", 9)
    late = Candidate(early.item, early.start, AS_OF - timedelta(days=2))
    assert facts(fire(combined(late), keep_open_for="2d")) == ("a",)
    assert fire(combined(early), keep_open_for="2d") is None


def test_the_newest_facts_speak_for_all_then_the_strongest_then_the_first() -> None:
    def chosen(*combinations: Combination) -> tuple[tuple[int, str], ...]:
        found = fire(*combinations)
        backwards = fire(*combinations[::-1])
        assert found is not None
        assert found == backwards
        return found.chosen

    assert chosen(combined(taken("a", 3, 5)), combined(taken("b", 1, 1))) == ((0, "b"),)
    assert chosen(combined(taken("a", 1, 2)), combined(taken("b", 1, 4))) == ((0, "b"),)
    assert chosen(combined(taken("b", 1)), combined(taken("a", 1))) == ((0, "a"),)
    newest = taken("a", 1)
    pair = chosen(combined(newest, taken("x", 9)), combined(newest, taken("y", 2)), combined(taken("b", 3), taken("z", 2)))
    assert pair == ((0, "a"), (1, "y"))


def test_the_facts_are_those_of_the_open_episode_with_their_patterns() -> None:
    both = taken("b", 2)
    old = combined(taken("d", 60))
    found = fire(combined(taken("a", 1), both), combined(taken("c", 1), both), old, keep_open_for="1w")
    assert found is not None
    assert found.taken == {(0, "a"), (1, "b"), (0, "c")}
