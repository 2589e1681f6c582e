"""From the combinations of one key to its firing: the episode that is open, whether it lasts long enough, and who speaks for it.

One function for both engines, each with the combinations that it found itself: the rule is short and says nothing of joins, where
engines err, and the naive evaluator of the tests holds it against a reading of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from riskreg.inference.language.meaning import Candidate, Firing, precedence
from riskreg.model.rule import Rule

Combination = tuple[tuple[int, ...], tuple[Candidate, ...], datetime | None]
"""The numbers of the patterns of one branch, ascending; what each of them takes; and when it fires: at its latest dated fact, or
the end of its latest stretch (None: standing facts alone)."""

Key = tuple[tuple[str, str], ...]
"""Join field and value, in the order of the rule's `join`."""


def firing(rule: Rule, key: Key, combinations: Sequence[Combination], as_of: datetime) -> Firing | None:
    """What the combinations of one key (at least one) add up to at `as_of`; None where no episode is open, or the open one does
    not last as long as the rule's `for` asks."""
    if rule.keep_open_for is not None:
        begun = _begun({at or as_of for _, _, at in combinations}, rule.keep_open_for, as_of)
        if begun is None:
            return None
        combinations = [one for one in combinations if (one[2] or as_of) >= begun]
    dated = [at for _, _, at in combinations if at is not None]
    since, until = (min(dated), max(dated)) if dated else (None, None)
    if rule.lasting is not None and not (since and until and until - since >= timedelta(seconds=rule.lasting)):
        return None
    newest = _newest(combinations) if len(combinations) > 1 else combinations
    chosen = _facts(min(newest, key=_rank) if len(newest) > 1 else newest[0])
    taken = frozenset(pair for one in combinations for pair in _facts(one)) if len(combinations) > 1 else frozenset(chosen)
    return Firing(rule.id, key, taken, chosen, since, until)


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


def _facts(combination: Combination) -> tuple[tuple[int, str], ...]:
    """The numbers of the patterns, each with the id of its fact."""
    numbers, candidates, _ = combination
    return tuple(zip(numbers, [candidate.item.id for candidate in candidates], strict=True))


def _newest(combinations: Sequence[Combination]) -> Sequence[Combination]:
    """Those that can have precedence over all others: of standing facts alone, else with the newest fact of all."""
    latest = [max((one.item.at for one in some if one.item.at is not None), default=None) for _, some, _ in combinations]
    known = [at for at in latest if at is not None]
    best = max(known) if len(known) == len(latest) else None
    return [one for one, at in zip(combinations, latest, strict=True) if at == best]


def _rank(combination: Combination) -> tuple[object, ...]:
    numbers, candidates, _ = combination
    return precedence([(number, candidate.item) for number, candidate in zip(numbers, candidates, strict=True)])
