"""Why a rule did not fire: the combination of facts that came nearest to it, and by how much each term was missed.

Every branch of the rule is tried at every join key that its facts have. A term is a condition of a pattern on its nearest fact, a
count, the window, each `not`, `for`, `keep_open_for`, the scope and each exception; a pattern without any fact at the key fails
itself and all of its conditions. The nearest miss has the fewest failed terms, of these the smallest sum of relative distances
(each 0 to 1: how far a number lies from its limit as a share of the larger of both, 1 where no number says how far); then the first
branch and key. Work is one pass over the facts of the rule's kinds, and a beam of the nearest keys, so that it is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from riskreg.inference.facts.asks import asked, in_place
from riskreg.inference.facts.asks import holds as met
from riskreg.inference.facts.counting import stretched
from riskreg.inference.facts.pack import Pack
from riskreg.inference.language.compiled import Compiled
from riskreg.inference.language.meaning import Branch, Candidate, Item, concluded
from riskreg.inference.nearmiss.terms import Deeper, Term, Told, amount
from riskreg.inference.nearmiss.together import Slot, Together, episodes, together
from riskreg.inference.words.conditions import Voice, distance
from riskreg.inference.words.reason import silences
from riskreg.inference.words.telling import densest, in_order
from riskreg.inference.words.wording import MISSING, spoken, words
from riskreg.model.base import Frozen
from riskreg.model.fact import STANDING
from riskreg.model.finding import Step
from riskreg.model.metric import Threshold
from riskreg.model.rule import Pattern
from riskreg.model.signal import as_utc

BEAM = 200
"""How many keys are looked at more closely, the nearest first."""
_ALL = 1_000_000

Score = tuple[int, float]
"""Failed terms, and the sum of their relative distances."""
Key = tuple[tuple[str, str], ...]


class Miss(Frozen):
    """The nearest miss of a rule. `failed` is 0 where nothing is missing: the rule fires there."""

    rule: str
    key: dict[str, str]
    """Join values of the nearest combination, as far as its facts have them."""
    failed: int
    """How many terms do not hold."""
    known: bool = True
    """False where readings are overdue that what is missing may hang on: nobody can say whether the rule would fire."""
    distance: float
    """How far they are missed, added up; each between 0 (just missed) and 1."""
    text: str
    """What is missing, in one line."""
    tree: Step


def near_miss(
    pack: Pack,
    facts: Iterable[Item],
    rule: str,
    *,
    key: Mapping[str, str] | None = None,
    as_of: datetime,
    names: Mapping[str, str] | None = None,
    thresholds: Mapping[str, Mapping[str, Threshold]] | None = None,
) -> Miss:
    """What is missing for a rule of `pack` to fire at a join key, or at part of one; without `key` wherever it is nearest.

    `facts` are those of `Evaluation.items`, conclusions among them. KeyError where the pack does not have the rule, ValueError
    where `key` has a field that the rule does not join on.
    """
    compiled, facts = pack.compiled[rule], tuple(facts)
    if strange := sorted(set(key or {}) - set(compiled.rule.join)):
        raise ValueError(f"the rule {rule} does not join on {strange[0]}")
    conclusions = concluded([one.rule for one in pack.compiled.values()])
    voice = Voice(spoken(names), thresholds or {})

    def deeper(kind: str, at: Mapping[str, str]) -> str:
        """Of a conclusion: the rule that draws it, and what that one misses there."""
        said = []
        for maker in sorted(pack.compiled):
            other = pack.compiled[maker].rule
            if other.then.conclude is None or other.then.conclude.fact != kind or maker == rule:
                continue
            there = {name: at[name] for name in other.join if name in at}
            miss = _Search(pack.compiled[maker], facts, conclusions, as_utc(as_of), voice).nearest(there)
            if miss.failed:
                said.append(f"needs ‘{words(kind)}’, which the rule {maker} would find; its nearest is {miss.text}")
        return "; or ".join(said)

    return _Search(compiled, facts, conclusions, as_utc(as_of), voice, deeper).nearest(dict(key or {}))


@dataclass
class Group:
    """The facts of one pattern that have the same join values."""

    good: list[Item] = field(default_factory=list)
    """Those that meet all that the pattern asks of one fact."""
    nearest: Item | None = None
    """Of the others the one that misses least, and of those the newest."""
    score: Score = (0, 0.0)
    """Of `nearest`; of the whole group once all facts are in it."""


@dataclass(frozen=True)
class Watch:
    """One pattern and its facts by join values, nearest first."""

    number: int
    pattern: Pattern
    fields: tuple[str, ...]
    groups: Mapping[Key, Group]
    nowhere: int
    """Facts of its kind that lack a join value, and so are nowhere."""
    scope: tuple[str, ...]

    @property
    def absent(self) -> Score:
        """What it costs to have no fact at all."""
        return 1 + len(self.pattern.where), 1.0 + len(self.pattern.where)


@dataclass(frozen=True)
class Partial:
    """Groups for the first patterns of a branch that agree on their join fields."""

    score: Score
    key: dict[str, str]
    taken: tuple[tuple[int, Key | None], ...] = ()

    @property
    def rank(self) -> tuple[Any, ...]:
        return self.score, tuple(sorted(self.key.items())), tuple((number, key or ()) for number, key in self.taken)


class _Search:
    def __init__(
        self,
        compiled: Compiled,
        facts: Iterable[Item],
        conclusions: Mapping[str, frozenset[str]],
        as_of: datetime,
        voice: Voice,
        deeper: Deeper | None = None,
    ) -> None:
        self.compiled, self.rule, self.as_of, self.voice = compiled, compiled.rule, as_of, voice
        kinds = {("signal" if p.signal else "fact", p.kind) for p in compiled.patterns.values()} | {("fact", MISSING)}
        self.kinds: dict[tuple[str, str], list[Item]] = {kind: [] for kind in kinds}
        # What the facts at a join value have in fields of the scope: they tell whether the rule looks there at all.
        self.fields: dict[tuple[str, str], dict[str, set[str]]] = {}
        for item in facts:
            for name in self.rule.scope:
                if isinstance(value := item.fact.get(name), str):
                    for pair in item.place(self.rule.join).items():
                        self.fields.setdefault(pair, {}).setdefault(name, set()).add(value)
            word = "signal" if "signal" in item.fact else "fact"
            if (item.at is None or item.at <= as_of) and (here := self.kinds.get((word, item.fact[word]))) is not None:
                here.append(item)
        self.ways: dict[tuple[Branch, Key], tuple[Together, ...]] = {}
        self.told = Told(compiled, self.kinds[("fact", MISSING)], as_of, voice, deeper)
        self.watches = {number: self.watch(number, conclusions) for number in sorted(compiled.positive)}
        self.denied = {number: self.deny(number) for branch in compiled.branches for number in branch.negative}

    def watch(self, number: int, conclusions: Mapping[str, frozenset[str]]) -> Watch:
        pattern, carries = self.compiled.patterns[number], self.compiled.carries[number]
        bare = asked(pattern.model_copy(update={"where": {}}), self.rule, carries, conclusions)
        scope = tuple(name for name in self.rule.scope if any(atom.field == name for atom in bare.atoms))
        fields = tuple(name for name in self.rule.join if name in carries)
        items = self.kinds["signal" if pattern.signal else "fact", pattern.kind]
        if self.rule.on_missing_data == "fire" and in_place(pattern, self.rule, carries):
            items = [*items, *(item for item in self.kinds["fact", MISSING] if item.fact.get("watches") == pattern.signal)]
        groups: dict[Key, Group] = {}
        nowhere = 0
        for item in items:
            values = [item.fact.get(name) for name in fields]
            if not all(isinstance(value, str) for value in values):
                nowhere += 1
                continue
            score = self.judged(pattern, scope, item)
            group = groups.setdefault(tuple(zip(fields, map(str, values), strict=True)), Group())
            if not score[0]:
                group.good.append(item)
            elif group.nearest is None or (score, *_newest(item)) < (group.score, *_newest(group.nearest)):
                group.nearest, group.score = item, score
        for group in groups.values():
            group.score = self.reached(pattern, group)
        ordered = dict(sorted(groups.items(), key=lambda pair: (pair[1].score, pair[0])))
        return Watch(number, pattern, fields, ordered, nowhere, scope)

    def judged(self, pattern: Pattern, scope: Sequence[str], item: Item) -> Score:
        """How many of the conditions on one fact fail, and how far."""
        failed, far = 0, 0.0
        stands_in = pattern.kind != MISSING and item.fact.get("fact") == MISSING
        for name, condition in pattern.where.items():
            value = item.fact.get(name)
            if (stands_in and name not in STANDING[MISSING]) or met(condition, value, item.fact, self.voice.thresholds):
                continue
            failed, far = failed + 1, far + distance(condition, value, item.fact, self.voice)[1]
        outside = len(self.told.outside(scope, item)) + len(self.told.excepted(item))
        return failed + outside, far + outside

    def reached(self, pattern: Pattern, group: Group) -> Score:
        """What a group costs: nothing, its count, or what its nearest fact misses."""
        if pattern.at_least is None:
            return (0, 0.0) if group.good else group.score
        if not group.good:
            return group.score[0] + 1, group.score[1] + 1.0
        enough = amount(densest(group.good, self.window(pattern), pattern.different), pattern.different)
        return (0, 0.0) if enough >= pattern.at_least else (1, (pattern.at_least - enough) / pattern.at_least)

    def window(self, pattern: Pattern) -> int | None:
        return pattern.within if pattern.within is not None else self.rule.within

    def deny(self, number: int) -> dict[tuple[str, ...], dict[tuple[Any, ...], list[Item]]]:
        """Facts that a negated pattern looks at: by the join fields that they have, and their values."""
        pattern = self.compiled.patterns[number]
        oldest = None if pattern.within is None else self.as_of - timedelta(seconds=pattern.within)
        found: dict[tuple[str, ...], dict[tuple[Any, ...], list[Item]]] = {}
        for item in self.kinds["signal" if pattern.signal else "fact", pattern.kind]:
            recent = oldest is None or item.at is None or item.at >= oldest
            if recent and all(
                met(test, item.fact.get(name), item.fact, self.voice.thresholds) for name, test in pattern.where.items()
            ):
                place = item.place(self.rule.join)
                found.setdefault(tuple(place), {}).setdefault(tuple(place.values()), []).append(item)
        return found

    def nearest(self, key: dict[str, str]) -> Miss:
        best: tuple[Score, Partial, Branch, list[Term]] | None = None
        for branch in self.compiled.branches:
            for partial in self.partials(branch, key):
                if best and partial.score > best[0]:
                    break
                terms = self.terms(branch, partial)
                score = (sum(term.failed for term in terms), sum(term.distance for term in terms))
                if best is None or score < best[0]:
                    best = score, partial, branch, terms
        assert best is not None, "a rule has a branch, and a branch a partial without facts"
        score, partial, branch, terms = best
        at = partial.key
        seen = {name: frozenset(found) for pair in at.items() for name, found in self.fields.get(pair, {}).items()}
        beyond = self.told.beyond(at, seen) if score[0] else ""
        late = () if beyond else self.told.unknown(branch, at, terms)
        tree = self.told.tree(at, terms, len(self.compiled.branches), late, beyond)
        text = self.told.summary(at, terms, late, beyond)
        return Miss(rule=self.rule.id, key=at, failed=score[0], known=not late, distance=round(score[1], 6), text=text, tree=tree)

    def partials(self, branch: Branch, key: dict[str, str]) -> list[Partial]:
        """The nearest ways to take a group for each pattern at keys that agree, or none for it."""
        beam = [Partial((0, 0.0), key)]
        left, bound = list(branch.positive), set(key)
        while left:
            # Patterns that share fields with what was taken first: a key narrows them.
            number = max(left, key=lambda one: (len(bound & set(self.watches[one].fields)), -one))
            left.remove(number)
            watch = self.watches[number]
            index: dict[tuple[str, ...], dict[Key, list[Key]]] = {}
            beam = [further for partial in beam for further in self.extend(partial, watch, index)]
            beam = sorted(beam, key=lambda partial: partial.rank)[:BEAM]
            bound |= set(watch.fields)
        # No facts at all is the nearest only where there are none.
        return [partial for partial in beam if any(key is not None for _, key in partial.taken)] or beam

    def extend(self, partial: Partial, watch: Watch, index: dict[tuple[str, ...], dict[Key, list[Key]]]) -> Iterator[Partial]:
        shared = tuple(name for name in watch.fields if name in partial.key)
        if shared not in index:
            table: dict[Key, list[Key]] = {}
            for key in watch.groups:
                table.setdefault(tuple(pair for pair in key if pair[0] in shared), []).append(key)
            index[shared] = table
        for key in index[shared].get(tuple((name, partial.key[name]) for name in shared), [])[:BEAM]:
            score = watch.groups[key].score
            total = (partial.score[0] + score[0], partial.score[1] + score[1])
            yield Partial(total, partial.key | dict(key), (*partial.taken, (watch.number, key)))
        total = (partial.score[0] + watch.absent[0], partial.score[1] + watch.absent[1])
        yield Partial(total, partial.key, (*partial.taken, (watch.number, None)))

    def terms(self, branch: Branch, partial: Partial) -> list[Term]:
        terms = []
        for number, place in sorted(partial.taken):
            watch = self.watches[number]
            group = watch.groups[place] if place is not None else None
            terms.append(self.told.pattern(watch, group, partial.key, others=len(branch.positive) > 1))
        key = {name: partial.key[name] for name in self.rule.join if name in partial.key}
        if len(key) < len(self.rule.join):
            return terms
        terms += [self.told.silenced(number, self.agreeing(number, key), key) for number in branch.negative]
        return terms if any(term.failed for term in terms) else [*terms, *self.in_time(branch, key)]

    def agreeing(self, number: int, key: Mapping[str, str]) -> list[Item]:
        return [
            item for names, groups in self.denied[number].items() for item in groups.get(tuple(key[name] for name in names), ())
        ]

    def together(self, branch: Branch, key: Mapping[str, str]) -> tuple[Together, ...]:
        asked = branch, tuple(key.items())
        if asked not in self.ways:
            self.ways[asked] = together(self.slots(branch, key))
        return self.ways[asked]

    def slots(self, branch: Branch, key: Mapping[str, str]) -> list[Slot]:
        found = []
        for number in branch.positive:
            watch = self.watches[number]
            group = watch.groups.get(tuple((name, key[name]) for name in watch.fields), Group())
            items = tuple(Candidate(item, item.at, item.at) for item in sorted(group.good, key=lambda item: item.id))
            if watch.pattern.at_least is not None:
                items = tuple(stretched(items, watch.pattern, self.window(watch.pattern), _ALL) or ())
            found.append(Slot(items, alone=watch.pattern.at_least is None))
        return found

    def in_time(self, branch: Branch, key: dict[str, str]) -> list[Term]:
        """Once every pattern has its facts and nothing silences the key: different facts, the window, and the episodes."""
        ways, within = self.together(branch, key), self.rule.within
        fits = any(within is None or way.seconds <= within for way in ways)
        terms = [self.told.apart(branch, ways, fits=fits)]
        return terms if not fits else [*terms, *self.told.episode(*self.episode(key))]

    def episode(self, key: dict[str, str]) -> tuple[datetime, list[datetime]]:
        """The last firing of a key, and the firings of dated facts in its episode, over all branches. A firing of standing facts
        alone is at as-of."""
        ways: list[Together] = []
        for branch in self.compiled.branches:
            if not any(silences(self.compiled.patterns[n], self.agreeing(n, key)) for n in branch.negative):
                ways += self.together(branch, key)
        within = self.rule.within
        moments = {way.at for way in ways if within is None or way.seconds <= within}
        *_, last = episodes(sorted({at or self.as_of for at in moments}), self.rule.keep_open_for)
        return last[-1], [at for at in last if at in moments]


def _newest(item: Item) -> tuple[float, str]:
    first = in_order([item])[0]
    return (-first.at.timestamp() if first.at else float("inf"), first.id)
