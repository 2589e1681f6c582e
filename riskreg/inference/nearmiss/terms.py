"""The terms of a near miss in words: what is there, what is missing, and by how much."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from riskreg.inference.facts.asks import holds as met
from riskreg.inference.facts.asks import meets
from riskreg.inference.facts.counting import stretched
from riskreg.inference.language.bounds import in_force
from riskreg.inference.language.compiled import Compiled
from riskreg.inference.language.meaning import Branch, Candidate, Item, Node
from riskreg.inference.nearmiss.together import Together
from riskreg.inference.words.conditions import Voice, held, missed, wanted
from riskreg.inference.words.reason import absent, left_out, placed, silences
from riskreg.inference.words.telling import counted, densest, different, fact_step, folded, in_order, times, told, worth
from riskreg.inference.words.wording import MISSING, day, small, words
from riskreg.model.fact import STANDING
from riskreg.model.finding import Step
from riskreg.model.rule import Pattern, RuleException
from riskreg.model.signal import as_utc
from riskreg.model.times import say_duration

if TYPE_CHECKING:
    from riskreg.inference.nearmiss.nearest import Group, Watch

_ALL = 1_000_000
_DAY = 86_400
_CLOCKS = 3 * _DAY
"""Windows below this are told with times of the day."""

Deeper = Callable[[str, Mapping[str, str]], str]
"""Kind of a conclusion, key → which rule would have to fire and what that one misses; empty where no rule concludes it."""


@dataclass(frozen=True, slots=True)
class Term:
    """One term of a rule, or all terms of one pattern: how many fail, how far in all, its lines, and what is missing in words."""

    failed: int
    distance: float
    steps: tuple[Step, ...]
    missing: str = ""
    late: tuple[Item, ...] = ()
    """Readings that are overdue, so that nobody knows whether it holds."""


def amount(items: Sequence[Item], field: str | None) -> int:
    """How many facts, or different values of a field, there are."""
    return len(items) if field is None else len({worth(item.fact[field]) for item in items})


class Told:
    """Tells the terms of one rule."""

    def __init__(self, compiled: Compiled, overdue: Sequence[Item], as_of: datetime, voice: Voice, deeper: Deeper | None) -> None:
        self.compiled, self.rule, self.overdue, self.as_of, self.voice = compiled, compiled.rule, overdue, as_of, voice
        self.deeper = deeper
        self.exceptions = in_force(self.rule, as_utc(as_of).date())

    def outside(self, scope: Sequence[str], item: Item) -> list[str]:
        """Fields of the rule's scope that a fact does not meet."""
        return [
            name
            for name in scope
            if (item.fact.get("fact") != MISSING or name in STANDING[MISSING])
            and (item.fact.get(name) is None or not met(self.rule.scope[name], item.fact[name], item.fact, self.voice.thresholds))
        ]

    def excepted(self, item: Item) -> list[RuleException]:
        """Exceptions in force that leave a fact out."""
        return [one for one in self.exceptions if meets(one.where, item.fact, self.voice.thresholds)]

    def pattern(self, watch: Watch, group: Group | None, key: Mapping[str, str], *, others: bool) -> Term:
        """A positive pattern at a key."""
        pattern = watch.pattern
        if group is None:
            late = self.late(pattern, key)
            here = placed({name: key[name] for name in watch.fields if name in key}, self.voice.names)
            if self.deeper and (made := self.deeper(pattern.kind, key)):
                step = Step(kind="fact", holds=False, text=made)
                return Term(*watch.absent, (step,), made)
            text, rest = f"no {words(pattern.kind)}", self.nothing(watch, others=others)
            step = Step(kind=_kind(pattern), holds=False, text=f"{text}{f' for {here}' if here else ''}{rest}")
            return Term(*watch.absent, (step,), f"{text}{rest}", late)
        newest = in_order(group.good)
        if not newest:
            assert group.nearest is not None
            return self.failing(watch, group, group.nearest, key)
        if pattern.at_least is not None:
            return self.count(pattern, group, newest)
        step = fact_step(pattern, newest[0], self.voice)
        more = folded(newest[1:], lambda item: fact_step(pattern, item, self.voice, conditions=False))
        return Term(0, 0.0, (step, *more))

    def failing(self, watch: Watch, group: Group, item: Item, key: Mapping[str, str]) -> Term:
        """The nearest fact of a pattern, which does not meet it."""
        pattern, fact = watch.pattern, item.fact
        stands_in = fact.get("fact") == MISSING and pattern.kind != MISSING
        below = []
        for name, condition in pattern.where.items():
            if stands_in and name not in STANDING[MISSING]:
                continue
            good = met(condition, fact.get(name), fact, self.voice.thresholds)
            text = (held if good else missed)(pattern, name, fact, self.voice)
            below.append(Step(kind="condition", holds=good, text=text))
        for name in self.outside(watch.scope, item):
            only = wanted(Pattern(fact="any", where={name: self.rule.scope[name]}), self.voice)
            below.append(Step(kind="left-out", holds=False, text=f"not looked at: the rule looks only at {only}"))
        below += [Step(kind="left-out", holds=False, text=left_out(one, self.voice)) for one in self.excepted(item)]
        text = told(MISSING if stands_in else pattern.kind, item, self.voice)
        step = Step(kind=_kind(pattern), holds=False, text=text, fact=item.id, below=tuple(below))
        short = f"{words(pattern.kind)}: {'; '.join(one.text for one in below if not one.holds)}"
        if pattern.at_least is not None:
            text = f"{words(pattern.kind)}: none of the {pattern.at_least} that the rule asks for"
            step = Step(kind="count", holds=False, text=text, below=(step,))
        return Term(*group.score, (step,), short, self.late(pattern, key))

    def count(self, pattern: Pattern, group: Group, newest: Sequence[Item]) -> Term:
        """A counted pattern with some facts that it can take."""
        window = pattern.within if pattern.within is not None else self.rule.within
        lines = folded(newest, lambda item: fact_step(pattern, item, self.voice))
        if not group.score[0]:
            return Term(
                0, 0.0, (Step(kind="count", holds=True, text=counted(self.rule, pattern, newest, self.voice), below=lines),)
            )
        best = densest(newest, window, pattern.different)
        least = pattern.at_least or 1
        said = different(self.rule, pattern.different, best, self.voice) if pattern.different else times(len(best))
        within = f" within {say_duration(window)}" if window is not None else ""
        text = f"{words(pattern.kind)} {said}{within}, the rule asks for at least {least}"
        text += f": {least - amount(best, pattern.different)} too few"
        candidates = [Candidate(item, item.at, item.at) for item in newest]
        stretches = stretched(candidates, pattern, None, _ALL) if window is not None else None
        spans = [(one.end - one.start).total_seconds() for one in stretches or () if one.start and one.end]
        if spans and window is not None:
            apart = round(min(spans))
            text += f"; the nearest {least} lie {to_the_second(apart)} apart, {to_the_second(apart - window)} too far"
        return Term(*group.score, (Step(kind="count", holds=False, text=text, below=lines),), text)

    def nothing(self, watch: Watch, *, others: bool) -> str:
        """Where there is a fact of a pattern, when there is none at a key."""
        if not watch.groups:
            if watch.pattern.kind == MISSING:
                return ": nothing is overdue"
            found = f"the {watch.nowhere} that there are name" if watch.nowhere > 1 else "the one that there is names"
            return f": {found} no {' or '.join(watch.fields)}" if watch.nowhere else " anywhere"
        where, group = next(iter(watch.groups.items()))
        there = placed(dict(where), self.voice.names)
        if group.score[0]:
            return f"; the nearest is for {there}"
        newest = in_order(group.good)[0].at
        since = f", {day(newest)}" if newest else ""
        together = f", but the rule asks for all at one {' and '.join(watch.fields)}" if others and watch.fields else ""
        return f"; there is one for {there}{since}{together}"

    def late(self, pattern: Pattern, key: Mapping[str, str]) -> tuple[Item, ...]:
        """Readings that are overdue at a key, of those that feed a pattern's signal; none where the rule does not mind."""
        if pattern.signal is None or self.rule.on_missing_data == "ok":
            return ()
        known = {name: test for name, test in pattern.where.items() if name in STANDING[MISSING]}
        late = [
            item
            for item in self.overdue
            if item.fact.get("watches") == pattern.signal
            and item.place(self.rule.join).items() <= {**item.place(self.rule.join), **key}.items()
            and meets(known, item.fact, self.voice.thresholds)
        ]
        return tuple(sorted(late, key=lambda item: item.id))

    def unknown(self, branch: Branch, key: Mapping[str, str], terms: Sequence[Term]) -> tuple[Item, ...]:
        """Readings that are overdue and that what is missing may hang on; where only time is missing, those of every pattern."""
        failed = [term for term in terms if term.failed]
        late = [item for term in failed for item in term.late]
        if failed and all(step.kind == "time" for term in failed for step in term.steps):
            late = [item for number in branch.positive for item in self.late(self.compiled.patterns[number], key)]
        return tuple({item.id: item for item in late}.values())

    def beyond(self, key: Mapping[str, str], seen: Mapping[str, frozenset[str]]) -> str:
        """That a key lies outside the rule's scope; `seen` are the values that the facts at the key have in fields of the scope."""
        for name, test in self.rule.scope.items():
            values = {key[name]} if name in key else seen.get(name, frozenset())
            if values and not any(met(test, value, {name: value}, self.voice.thresholds) for value in values):
                return f"outside this rule: it looks only at {wanted(Pattern(fact='any', where={name: test}), self.voice)}"
        return ""

    def silenced(self, number: int, agreeing: Sequence[Item], key: Mapping[str, str]) -> Term:
        """A `not` at a key."""
        pattern = self.compiled.patterns[number]
        if not silences(pattern, agreeing):
            return Term(0, 0.0, (absent(Node("not", number, pattern), key, self.voice),))
        newest = in_order(agreeing)
        text = f"silenced by {told(pattern.kind, newest[0], self.voice)} ({newest[0].id})"
        if pattern.at_least is not None:
            text = (
                f"silenced by {words(pattern.kind)} {times(len(newest))}, the newest: {told(pattern.kind, newest[0], self.voice)}"
            )
        below = folded(newest, lambda item: fact_step(pattern, item, self.voice))
        return Term(1, 1.0, (Step(kind="not", holds=False, text=text, fact=newest[0].id, below=below),), text)

    def apart(self, branch: Branch, ways: Sequence[Together], *, fits: bool) -> Term:
        """Different facts, and the window. Holds where one combination fits."""
        if not ways:
            text = "two patterns ask for the same, and want different facts: there are too few"
            return Term(1, 1.0, (Step(kind="count", holds=False, text=text),), text)
        within = self.rule.within
        if within is None or (fits and len(branch.positive) < 2):
            return Term(0, 0.0, ())
        way = min(ways, key=lambda one: one.seconds)
        apart, allowed = to_the_second(round(way.seconds)) if not fits else say_duration(round(way.seconds)), say_duration(within)
        if fits:
            return Term(0, 0.0, (Step(kind="time", holds=True, text=f"they lie {apart} apart; the rule allows {allowed}"),))
        text = f"they lie {apart} apart, the rule allows {allowed}: {to_the_second(max(1, round(way.seconds) - within))} too far"
        if within < _CLOCKS and (times := [at for one in way.taken for at in (one.start, one.end) if at]):
            text += f" (from {clock(min(times))} to {clock(max(times))})"
        patterns = [self.compiled.patterns[number] for number in branch.positive]
        pairs = sorted(zip(patterns, way.taken, strict=True), key=lambda pair: (pair[1].start or self.as_of, pair[1].item.id))
        below = tuple(fact_step(pattern, one.item, self.voice, conditions=False) for pattern, one in pairs if one.item.at)
        return Term(1, 1 - within / way.seconds, (Step(kind="time", holds=False, text=text, below=below),), text)

    def episode(self, last: datetime, dated: Sequence[datetime]) -> list[Term]:
        """Whether the last episode is open (`last`: its last firing), and how long it lasted."""
        terms = []
        keep, lasting = self.rule.keep_open_for, self.rule.lasting
        if keep is not None:
            gap = (self.as_of - last).total_seconds()
            ends = last + timedelta(seconds=keep)
            text = f"open until {day(ends)}: {say_duration(keep)} after it was last true, {day(last)}"
            if gap > keep:
                late = whole(round(gap) - keep)
                text = (
                    f"last true on {day(last)}, and open for {say_duration(keep)} after that: it closed on {day(ends)}, {late} ago"
                )
            terms.append(_time(text, 1 - keep / gap if gap > keep else None))
        if lasting is not None:
            lasted = (dated[-1] - dated[0]).total_seconds() if dated else 0.0
            asks = f"the rule asks for {say_duration(lasting)}"
            short = say_duration(round(lasting - lasted))
            if not dated:
                text = f"it rests on standing facts alone, which do not say since when; {asks}"
            elif lasted >= lasting:
                text = f"it has held from {day(dated[0])} to {day(dated[-1])}, {say_duration(round(lasted))}; {asks}"
            elif not lasted:
                text = f"it was true only on {day(last)}; {asks}"
            else:
                seen = f"from {day(dated[0])} to {day(dated[-1])}, when it was last judged"
                text = f"it held {seen}: {say_duration(round(lasted))}; {asks}: {short} too short"
            terms.append(_time(text, 1 - lasted / lasting if lasted < lasting or not dated else None))
        return terms

    def tree(self, key: Mapping[str, str], terms: Sequence[Term], ways: int, late: Sequence[Item] = (), beyond: str = "") -> Step:
        where, title = placed(key, self.voice.names), self.rule.title
        text = f"{where}: {small(title)}" if where else title
        said = f"all of these are needed, in the nearest of {ways} ways" if ways > 1 else "all of these are needed"
        unknown = folded(late, lambda item: Step(kind="missing", holds=False, text=self.report(item), fact=item.id))
        outside = (Step(kind="left-out", holds=False, text=beyond),) if beyond else ()
        steps = (*outside, *unknown, *dict.fromkeys(step for term in terms for step in term.steps))
        holds = not any(term.failed for term in terms)
        below = (Step(kind="all", holds=holds, text=said, below=steps),) if len(steps) > 1 else steps
        return Step(kind="rule", holds=holds, text=text, below=below)

    def summary(self, key: Mapping[str, str], terms: Sequence[Term], late: Sequence[Item] = (), beyond: str = "") -> str:
        """What is missing in one line: whether the rule looks there at all, then what nobody knows, then the rest."""
        missing = "; ".join(dict.fromkeys(term.missing for term in terms if term.failed)) or "nothing is missing"
        if late:
            more = f", and {len(late) - 1} more" if len(late) > 1 else ""
            known = "; ".join(dict.fromkeys(term.missing for term in terms if term.failed and not term.late))
            missing = f"not known: {self.report(late[0])}{more}{f'; {known}' if known else ''}"
        missing = beyond or missing
        where = placed(key, self.voice.names)
        return f"{where}: {missing}" if where else missing

    def report(self, item: Item) -> str:
        """`the report of leavers from Kraków is 26 days late, the newest is that of Sun 18 Oct 2026`."""
        fact = item.told(self.voice.names).fact
        where = ", ".join(str(fact[name]) for name in ("function", "site") if name in fact) or str(fact.get("vendor", ""))
        days = fact.get("days_late")
        late = f"{days:,} {'day' if days == 1 else 'days'} late" if isinstance(days, int) else "late"
        newest = f"the newest is that of {day(fact['last'])}" if fact.get("last") else "none has come yet"
        return f"the report of {words(fact.get('metric', 'readings'))}{f' from {where}' if where else ''} is {late}, {newest}"


def whole(seconds: int) -> str:
    """A length of time without what does not matter: whole days from two days on."""
    return say_duration(round(seconds / _DAY) * _DAY if seconds >= 2 * _DAY else seconds)


def to_the_second(seconds: int) -> str:
    """A length of time that decides: `24 h 0 min 1 s` where minutes alone would hide it."""
    if seconds % 60 == 0 or seconds >= 7 * _DAY:
        return say_duration(seconds)
    minutes, rest = divmod(seconds, 60)
    return f"{say_duration(minutes * 60)} {rest} s" if minutes else f"{rest} s"


def clock(at: datetime) -> str:
    """`Sun 15 Nov 2026 08:00:01`: with seconds only where there are some, in UTC."""
    at = at.astimezone(UTC)
    return f"{day(at)} {at:%H:%M:%S}" if at.second else f"{day(at)} {at:%H:%M}"


def _time(text: str, missed: float | None) -> Term:
    step = Step(kind="time", holds=missed is None, text=text)
    return Term(0, 0.0, (step,)) if missed is None else Term(1, missed, (step,), text)


def _kind(pattern: Pattern) -> Literal["signal", "fact"]:
    return "signal" if pattern.signal else "fact"
