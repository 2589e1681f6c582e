"""From the combinations of one key to its firing: the episode that is open, whether it lasts long enough, and who speaks for it.

One function for both engines, each with the combinations that it found itself: the rule is short and says nothing of joins, where
engines err, and the naive evaluator of the tests holds it against a reading of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from riskreg.inference.meaning import Candidate, Firing, precedence
from riskreg.model.rule import Rule

Combination = tuple[tuple[int, ...], tuple[Candidate, ...]]
"""The numbers of the patterns of one branch, ascending, and what each of them takes."""

Key = tuple[tuple[str, str], ...]
"""Join field and value, in the order of the rule's `join`."""


def firing(rule: Rule, key: Key, combinations: Sequence[Combination], as_of: datetime) -> Firing | None:
    """What the combinations of one key (at least one) add up to at `as_of`; None where no episode is open, or the open one does
    not last as long as the rule's `for` asks."""
    moments = [moment(candidates) for _, candidates in combinations]
    begun = None if rule.keep_open_for is None else _begun({at or as_of for at in moments}, rule.keep_open_for, as_of)
    if rule.keep_open_for is not None:
        if begun is None:
            return None
        inside = [number for number, at in enumerate(moments) if (at or as_of) >= begun]
        combinations = [combinations[number] for number in inside]
        moments = [moments[number] for number in inside]
    dated = [at for at in moments if at is not None]
    since, until = min(dated, default=None), max(dated, default=None)
    if rule.lasting is not None and not (since and until and until - since >= timedelta(seconds=rule.lasting)):
        return None
    taken = frozenset(
        (number, candidate.item.id)
        for numbers, candidates in combinations
        for number, candidate in zip(numbers, candidates, strict=True)
    )
    return Firing(rule.id, key, taken, _chosen(combinations), since, until)


def moment(candidates: Sequence[Candidate]) -> datetime | None:
    """When a combination fires: at its latest dated fact, or the end of its latest stretch; None for standing facts alone."""
    return max((candidate.end for candidate in candidates if candidate.end is not None), default=None)


def _begun(times: set[datetime], keep_open_for: int, as_of: datetime) -> datetime | None:
    """When the episode that is open began; None where none is."""
    keep = timedelta(seconds=keep_open_for)
    newest_first = sorted(times, reverse=True)
    if as_of - newest_first[0] > keep:
        return None
    for later, earlier in pairwise(newest_first):
        if later - earlier > keep:
            return later
    return newest_first[-1]


def _chosen(combinations: Sequence[Combination]) -> tuple[tuple[int, str], ...]:
    """Pattern and fact id of the combination that speaks for all."""
    numbers, candidates = combinations[0]
    if len(combinations) > 1:
        numbers, candidates = min(combinations, key=_rank)
    return tuple((number, candidate.item.id) for number, candidate in zip(numbers, candidates, strict=True))


def _rank(combination: Combination) -> tuple[object, ...]:
    numbers, candidates = combination
    return precedence([(number, candidate.item) for number, candidate in zip(numbers, candidates, strict=True)])
