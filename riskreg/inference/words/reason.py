"""The reason of a finding: a tree of lines that a risk owner can follow from the rule down to each condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from riskreg.inference.language.bounds import Thresholds, in_force
from riskreg.inference.language.compiled import Ready
from riskreg.inference.language.meaning import Firing, Item, Node, speak
from riskreg.inference.words.conditions import Voice, wanted
from riskreg.inference.words.telling import counted, fact_step, folded, in_order, worth
from riskreg.inference.words.wording import day, many, small, words
from riskreg.model.finding import Step
from riskreg.model.rule import Pattern, RuleException
from riskreg.model.times import say_duration


def reason(
    given: Ready,
    firing: Firing,
    items: Mapping[str, Item],
    names: Mapping[str, str],
    thresholds: Thresholds | None = None,
) -> Step:
    """The proof of a firing: each line is true because of the lines under it. Branches that did not hold are left out.

    `items` are the facts as they were given, ids and all; `names` what is said instead, from `wording.spoken`.
    """
    told = _Proof(given, firing, items, Voice(names, thresholds or {}))
    title = small(given.rule.title)
    where = ", ".join(map(str, speak(dict(firing.key), names).values()))
    text = f"{where}: {title}" if where else given.rule.title
    return Step(
        kind="rule",
        holds=True,
        text=text,
        below=(*told.steps(given.compiled.node), *told.times(), *outside(given, dict(firing.key), told.voice)),
    )


def place(firing: Firing, names: Mapping[str, str] | None = None) -> str:
    """The join key in words: `site Manila, vendor Altura`; ids where there are no names."""
    return placed(dict(firing.key), names or {}) or "anywhere"


def placed(key: Mapping[str, str], names: Mapping[str, str]) -> str:
    """`site Manila, vendor Altura`; empty for an empty key."""
    return ", ".join(f"{field} {value}" for field, value in speak(key, names).items())


class _Proof:
    def __init__(self, given: Ready, firing: Firing, items: Mapping[str, Item], voice: Voice) -> None:
        self.given, self.rule, self.firing, self.items, self.voice = given, given.rule, firing, items, voice
        self.taken: dict[int, list[Item]] = {}
        for number, fact in firing.taken:
            self.taken.setdefault(number, []).append(items[fact])

    def steps(self, node: Node) -> tuple[Step, ...]:
        if node.kind == "not":
            return (absent(node, dict(self.firing.key), self.voice),)
        if node.pattern is not None:
            return self.matched(node.pattern, self.taken.get(node.number, []))
        # Two patterns that ask for the same (two exposures at one site) would each tell the same facts.
        below = tuple(
            dict.fromkeys(step for part in node.below if node.kind == "all" or self.holds(part) for step in self.steps(part))
        )
        if len(below) == 1:
            return below
        text = "all of these hold" if node.kind == "all" else "at least one of these holds"
        return (Step(kind="all" if node.kind == "all" else "any", holds=True, text=text, below=below),)

    def holds(self, node: Node) -> bool:
        """Whether a part of an `any` was among the ways in which the rule held."""
        if node.kind == "not":
            key = dict(self.firing.key)
            agreeing = [item for item in self.given.denies[node.number] if item.place(self.rule.join).items() <= key.items()]
            return not silences(node.pattern, agreeing)
        if node.kind == "pattern":
            return node.number in self.taken
        every = [self.holds(part) for part in node.below]
        return all(every) if node.kind == "all" else any(every)

    def matched(self, pattern: Pattern, taken: Iterable[Item]) -> tuple[Step, ...]:
        newest = in_order(taken)
        steps = folded(newest, lambda item: fact_step(pattern, item, self.voice))
        if pattern.at_least is None or not newest:
            return steps
        return (Step(kind="count", holds=True, text=counted(self.rule, pattern, newest, self.voice), below=steps),)

    def times(self) -> tuple[Step, ...]:
        """How far apart, for how long, and until when: what the rule says of time and this firing has."""
        return tuple(
            Step(kind="time", holds=True, text=text) for text in (self.within(), self.lasting(), self.open_until()) if text
        )

    def within(self) -> str:
        within, times = self.rule.within, self.spread()
        if within is None or len(self.firing.chosen) < 2 or len(times) < 2:
            return ""
        apart = round((max(times) - min(times)) / timedelta(seconds=1))
        allowed = f"the rule allows {say_duration(within)} between them"
        return f"they lie {say_duration(apart)} apart; {allowed}" if apart else f"they come at the same time; {allowed}"

    def spread(self) -> list[datetime]:
        """The moments of the combination that speaks for all; of a counted pattern the stretch that lies nearest to the others."""
        moments: list[datetime] = []
        for number, fact in sorted(self.firing.chosen, key=lambda pair: self.given.compiled.patterns[pair[0]].at_least is not None):
            at = self.items[fact].at
            if self.given.compiled.patterns[number].at_least is None:
                moments += [at] if at else []
                continue
            stretches = [(one.start, one.end) for one in self.given.takes[number] if one.item.id == fact and one.start and one.end]
            ends = (
                [min(stretches, key=lambda pair: (max([*moments, pair[1]]) - min([*moments, pair[0]]), pair))] if stretches else []
            )
            moments += [moment for pair in ends for moment in pair]
        return moments

    def lasting(self) -> str:
        since, until, asked = self.firing.since, self.firing.until, self.rule.lasting
        if asked is None or since is None or until is None:
            return ""
        return f"it has held since {day(since)}, {_span(since, until)}; the rule asks for {say_duration(asked)}"

    def open_until(self) -> str:
        until, keep = self.firing.until, self.rule.keep_open_for
        if until is None or keep is None:
            return ""
        return f"open until {day(until + timedelta(seconds=keep))}: {say_duration(keep)} after it was last true, {day(until)}"


def absent(node: Node, key: Mapping[str, str], voice: Voice) -> Step:
    """The line of a `not` that holds: `no open action (kind retention-plan) for site Manila`."""
    pattern = node.pattern
    assert pattern is not None
    such = f" ({wanted(pattern, voice)})" if pattern.where else ""
    where = f" for {placed(key, voice.names)}" if key else " anywhere"
    recent = f" in the last {say_duration(pattern.within)}" if pattern.within is not None else ""
    few = ""
    if pattern.at_least is not None:
        of = f" with different {many(pattern.different)}" if pattern.different else ""
        few = f"{pattern.at_least} or more of them{of}: "
    return Step(kind="not", holds=True, text=f"{'not ' if few else 'no '}{few}{words(pattern.kind)}{such}{where}{recent}")


def silences(pattern: Pattern | None, agreeing: Sequence[Item]) -> bool:
    """Whether facts of a negated pattern, which agree with a key, are enough to silence it."""
    assert pattern is not None
    if pattern.different:
        found = {worth(item.fact[pattern.different]) for item in agreeing if pattern.different in item.fact}
        return len(found) >= (pattern.at_least or 1)
    return len(agreeing) >= (pattern.at_least or 1)


def outside(given: Ready, key: Mapping[str, str], voice: Voice) -> list[Step]:
    """What the rule does not look at, as far as it could touch this key: its scope, and exceptions in force."""
    rule, told = given.rule, []
    if rule.scope:
        only = wanted(Pattern(fact="any", where=dict(rule.scope)), voice)
        told.append(Step(kind="condition", holds=True, text=f"the rule looks only at {only}"))
    for exception in in_force(rule, given.as_of.astimezone(UTC).date()):
        asks = {name: test.eq for name, test in exception.where.items() if test.model_fields_set == {"eq"}}
        if all(key.get(name, value) == value for name, value in asks.items()):
            told.append(Step(kind="left-out", holds=True, text=left_out(exception, voice)))
    return told


def left_out(exception: RuleException, voice: Voice) -> str:
    """`left out until Wed 31 Mar 2027 by operations: site Bogota (ramp-down)`."""
    what = wanted(Pattern(fact="any", where=dict(exception.where)), voice)
    until = day(exception.until.isoformat())
    return f"left out until {until} by {words(exception.approved_by)}: {what} ({exception.reason})"


def _span(start: datetime, end: datetime) -> str:
    return say_duration(round((end - start) / timedelta(seconds=1)))
