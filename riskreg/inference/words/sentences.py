"""A rule in plain English, written from its tree: one sentence, and a short list of what it watches, asks for and does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from riskreg.inference.words.conditions import Voice, asked
from riskreg.inference.words.wording import day, many, num, pct, spoken, words
from riskreg.model.metric import Threshold
from riskreg.model.rule import All, Any_, Condition, Lose, Named, Not, Pattern, Rule, When, negatives, positives
from riskreg.model.times import say_duration

T = TypeVar("T")

_SIGNAL = {
    "attrition_spike": "people leave{how} faster than usual",
    "quality_drift": "{what} drifts{how} from its usual level",
    "forecast_miss": "volume is{how} {off} its forecast",
    "data_exposure": "customer data is exposed{how}",
}
_WATCHED = {
    "attrition_spike": "how many people leave",
    "quality_drift": "measures of quality",
    "forecast_miss": "volume beside its forecast",
    "data_exposure": "exposures of customer data",
    "site": "the sites of the network",
    "served": "the functions that a site serves",
    "contract": "contracts and their notice dates",
    "cover": "the failover plans: who takes over when a site is lost",
    "function": "the functions and how critical they are",
    "vendor": "vendors and how much they carry",
    "pool": "the pools of people",
    "depends": "what work depends on which system",
    "missing_data": "readings that are overdue",
    "risk": "the risks of the register",
}
_HOW = {2: " noticeably", 3: " clearly", 4: " strongly", 5: " extremely"}
_HOW_EXPOSED = {4: " gravely", 5: " very gravely"}
"""What a strength of so much or more means to a reader."""
_OFF = {"up": "above", "down": "below"}
_FACT = {
    "site": "the network has a site",
    "served": "a function is served there",
    "contract": "there is a contract",
    "function": "there is a function",
    "vendor": "there is a vendor",
    "pool": "there is a pool",
    "depends": "a function there needs the system",
    "missing_data": "readings are overdue",
    "risk": "the register has a risk",
}
_NO_FACT = {
    "site": "the network has no site",
    "served": "no function is served there",
    "contract": "there is no contract",
    "function": "there is no function",
    "vendor": "there is no vendor",
    "pool": "there is no pool",
    "depends": "no function there needs the system",
    "missing_data": "no readings are overdue",
    "risk": "the register has no risk",
}
_PHRASE = {
    "strength": "strength {} of 5",
    "share": "{} of the work is done there",
    "days_to_notice": "{} days until notice must be given",
    "days_left": "{} days until it ends",
    "tier": "{}",
    "delta": "by {}",
}
_MISSING = {
    "flag": "readings that are overdue fire nothing; where they could matter, a person is told",
    "ok": "readings that are overdue count for nothing",
    "fire": "readings that are overdue count as the signal itself",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a rule in words, with its label and the lines that belong under it."""

    label: str
    text: str
    below: tuple[Line, ...] = field(default=())


def rule_sentence(rule: Rule, names: Mapping[str, str] | None = None) -> str:
    """`When, at one site and within 28 days, people leave clearly faster than usual (strength at least 3 of 5) and …, then …`"""
    voice = Voice(spoken(names))
    where = [_one(field) for field in rule.join]
    frame = joined([*where, *([f"within {say_duration(rule.within)}"] if rule.within else [])])
    lasting = f", and this lasts for {say_duration(rule.lasting)} or more" if rule.lasting else ""
    return f"When{f', {frame},' if frame else ''} {_when(rule.when, voice)}{lasting}, then {consequence(rule, voice)}."


def logic_lines(
    rule: Rule, names: Mapping[str, str] | None = None, thresholds: Mapping[str, Mapping[str, Threshold]] | None = None
) -> tuple[Line, ...]:
    """What a rule watches, what must hold, where, within what time and for how long, when a finding ends, what silences it, what
    overdue readings do, what it leaves out, and what follows. Lines that would say nothing are left out."""
    voice = Voice(spoken(names), thresholds or {})
    return tuple(_lines(rule, voice))


def _lines(rule: Rule, voice: Voice) -> Iterator[Line]:
    watched = dict.fromkeys(_WATCHED.get(p.kind, f"\u2018{words(p.kind)}\u2019") for p in positives(rule.when))
    yield Line("Watches", joined(list(watched)))
    yield _must(rule.when, voice, "Must hold")
    yield Line(
        "Where", f"{joined([_one(f) for f in rule.join])}: one finding for each" if rule.join else "anywhere: one finding for all"
    )
    if rule.scope:
        yield Line("Looks only at", _phrases(Pattern(fact="any", where=dict(rule.scope)), voice))
    if rule.within is not None:
        yield Line("Within", f"these lie at most {say_duration(rule.within)} apart")
    if rule.lasting is not None:
        yield Line("For", f"it must last for {say_duration(rule.lasting)} or more")
    yield Line("Stays open", _open(rule))
    if silencing := tuple(Line("", _silencing(pattern, voice)) for pattern in negatives(rule.when)):
        yield Line("Silenced", "when, at the same place," if rule.join else "when", silencing)
    if any(pattern.signal and pattern.at_least is None for pattern in positives(rule.when)):
        yield Line("Missing data", _MISSING[rule.on_missing_data])
    for exception in rule.exceptions:
        what = _phrases(Pattern(fact="any", where=dict(exception.where)), voice)
        until = day(exception.until.isoformat())
        yield Line("Left out", f"{what}, until {until}: {exception.reason} (approved by {words_of(exception.approved_by)})")
    yield Line(
        "Then", "it is noted" if not (follows := list(_follows(rule, voice))) else "", tuple(Line("", one) for one in follows)
    )


def _open(rule: Rule) -> str:
    if rule.keep_open_for is None:
        dated = any(pattern.signal or pattern.kind not in _WATCHED for pattern in positives(rule.when))
        return "for as long as these facts are there" if not dated else "until somebody closes its risk; it never ends by itself"
    return f"for {say_duration(rule.keep_open_for)} after it was last true; what comes later is a new finding"


def consequence(rule: Rule, voice: Voice | None = None) -> str:
    """What follows from a firing, as the end of a sentence."""
    return joined(list(_follows(rule, voice or Voice()))) or "it is noted"


def _follows(rule: Rule, voice: Voice) -> Iterator[str]:
    then = rule.then
    if then.raises:
        impact = "as large as the most critical function there" if isinstance(then.raises.impact, str) else str(then.raises.impact)
        risk = f"the risk \u2018{words_of(rule.category)}\u2019"
        yield f"{risk} is indicated with likelihood {then.raises.likelihood} and impact {impact}"
        if due := then.raises.deadline:
            alias, name, after = due
            what = f"of the {words_of(alias)}" if name == "at" else f"\u2018{words(name)}\u2019 of the {words_of(alias)}"
            yield f"it is reviewed by the day {f'{say_duration(after)} after that ' if after else ''}{what} at the latest"
    for loss in then.lose:
        yield _loss(loss, voice)
    if then.conclude:
        yield f"other rules may count on \u2018{words(then.conclude.fact)}\u2019"
    if then.failover != "none":
        yield "a failover plan is computed" if then.failover == "assess" else "the failover plan is called for"
    if then.escalate:
        who = voice.names.get(f"tier:{then.escalate}")
        yield f"it goes to the {who}" if who else f"it goes to escalation {words_of(then.escalate)}"
    if then.playbooks:
        titles = joined([str(voice.names.get(f"playbook:{one}") or words_of(one)) for one in then.playbooks])
        yield f"the playbook {titles} applies" if len(then.playbooks) == 1 else f"the playbooks {titles} apply"


def _loss(loss: Lose, voice: Voice) -> str:
    kind, _, name = loss.ref.partition(":")
    what = f"the {kind}" if name.startswith("$") else f"{kind} {voice.name(kind, name)}"
    share = f"{pct(loss.share)} of " if loss.share < 1 else ""
    of = f"the {loss.kind} of " if loss.kind else ""
    length = f" for {say_duration(loss.length)}" if loss.length is not None else ""
    return f"the rule assumes the loss of {share}{of}{what}{length}"


def _must(when: When, voice: Voice, label: str = "") -> Line:
    if isinstance(when, Pattern | Not):
        return Line(label, _when(when, voice))
    parts = when.all if isinstance(when, All) else when.any
    if label and isinstance(when, All):
        parts = tuple(part for part in parts if not isinstance(part, Not))  # what silences the rule has a line of its own
    if len(parts) == 1:
        return _must(parts[0], voice, label)
    text = "all of these" if isinstance(when, All) else "at least one of these"
    return Line(label, text, tuple(_again([_must(part, voice) for part in parts], Line("", "the same a second time"))))


def _when(when: When, voice: Voice, *, inner: bool = False) -> str:
    if isinstance(when, Pattern):
        return pattern_sentence(when, voice)
    if isinstance(when, Not):
        return _denied(when.no, voice)
    parts = when.any if isinstance(when, Any_) else when.all
    if len(parts) == 1:
        return _when(parts[0], voice, inner=inner)
    told = _again([_when(part, voice, inner=True) for part in parts], "the same happens a second time")
    text = f"either {joined(told, 'or')}" if isinstance(when, Any_) else joined(told)
    return f"({text})" if inner else text


def _again(parts: list[T], second: T) -> list[T]:
    """Parts that say the same again want another fact, and say so."""
    return [second if part in parts[:number] else part for number, part in enumerate(parts)]


def pattern_sentence(pattern: Pattern, voice: Voice | None = None) -> str:
    """One pattern: `people leave clearly faster than usual (strength at least 3 of 5)`."""
    voice = voice or Voice()
    if pattern.signal in _SIGNAL:
        said, left = _signal(pattern, voice)
    elif pattern.kind == "cover":
        said, left = _cover(pattern, voice)
    elif pattern.kind in _FACT:
        said, left = _FACT[pattern.kind], set(pattern.where)
    elif maker := voice.names.get(f"concluded:{pattern.kind}"):
        said, left = f"the rule \u2018{maker}\u2019 finds \u2018{words(pattern.kind)}\u2019", set(pattern.where)
    else:
        said, left = f"{'the signal ' if pattern.signal else ''}\u2018{words(pattern.kind)}\u2019 is known", set(pattern.where)
    return f"{said}{_bracket(pattern, left, voice)}{_count(pattern)}"


def _denied(pattern: Pattern, voice: Voice) -> str:
    """A `not`: `no ‘open action’ is known (kind retention-plan)`."""
    if pattern.at_least is not None:
        return f"it is not so that {pattern_sentence(pattern, voice)}"
    recent = f" in the last {say_duration(pattern.within)}" if pattern.within is not None else ""
    if pattern.signal in _SIGNAL or pattern.kind == "cover":
        return f"it is not so that {pattern_sentence(pattern, voice)}{recent}"
    kind = f"\u2018{words(pattern.kind)}\u2019"
    said = _NO_FACT.get(pattern.kind, f"no {'signal ' if pattern.signal else ''}{kind} is known")
    return f"{said}{_bracket(pattern, set(pattern.where), voice)}{recent}"


def _silencing(pattern: Pattern, voice: Voice) -> str:
    recent = f" in the last {say_duration(pattern.within)}" if pattern.within is not None else ""
    return pattern_sentence(pattern.model_copy(update={"within": None}), voice) + recent


def _signal(pattern: Pattern, voice: Voice) -> tuple[str, set[str]]:
    """A signal as half a sentence, and the fields that it does not speak of."""
    left, how = set(pattern.where), ""
    if (strength := pattern.where.get("strength")) and isinstance(strength.gte, (int, float)):
        how = (_HOW_EXPOSED if pattern.signal == "data_exposure" else _HOW).get(round(strength.gte), "")
    what, off = "a quality measure", "off"
    metric, direction = pattern.where.get("metric"), pattern.where.get("direction")
    if pattern.signal == "quality_drift" and metric and metric.model_fields_set <= {"eq", "among"}:
        what = asked(pattern, "metric", voice)
        left -= {"metric"}
    if pattern.signal == "forecast_miss" and direction and direction.eq in _OFF:
        off = _OFF[str(direction.eq)]
        left -= {"direction"}
    return _SIGNAL[pattern.signal or ""].format(how=how, what=what, off=off), left


def _cover(pattern: Pattern, voice: Voice) -> tuple[str, set[str]]:
    """`if the site were lost, a function of tier 1 or 2 would be late or not covered`."""
    left, which = set(pattern.where), "a function"
    outcome = "would need cover"
    if "tier" in left:
        which = f"a function of {_phrase(pattern, 'tier', voice)}"
    if "outcome" in left:
        said = asked(pattern, "outcome", voice)
        special = {"not known": "would rest on cover that was never tested", "not covered": "would not be covered"}
        outcome = special.get(said, f"would be {said}")
    return f"if the site were lost, {which} {outcome}", left - {"tier", "outcome"}


def _count(pattern: Pattern) -> str:
    if pattern.at_least is None:
        return ""
    window = f" within {say_duration(pattern.within)}" if pattern.within is not None else ""
    if not pattern.different:
        return f" at least {pattern.at_least} times{window}"
    word = (
        "at" if pattern.different in ("site", "pool") else "for" if pattern.different in ("function", "vendor", "client") else "in"
    )
    return f" {word} {pattern.at_least} or more different {many(pattern.different)}{window}"


def _bracket(pattern: Pattern, fields: Iterable[str], voice: Voice) -> str:
    wanted = [name for name in pattern.where if name in set(fields)]
    return f" ({'; '.join(_phrase(pattern, name, voice) for name in wanted)})" if wanted else ""


def _phrases(pattern: Pattern, voice: Voice) -> str:
    return joined([_phrase(pattern, name, voice) for name in pattern.where])


def _phrase(pattern: Pattern, name: str, voice: Voice) -> str:
    """One condition: `strength at least 3 of 5`, `at least 20 % of the work is done there`, `site not known`."""
    condition = pattern.where[name]
    match name, condition:
        case "pci", Condition(eq=bool(flag)):
            return "card data is handled" if flag else "no card data is handled"
        case "days_left", Condition(gte=0) if condition.model_fields_set == {"gte"}:
            return "it has not ended"
        case _ if name in ("site", "function", "vendor", "pool", "system") and condition.model_fields_set == {"exists"}:
            return f"of one {name}" if condition.exists else f"of no single {name}"
        case "tier", _:
            said = asked(pattern, name, voice)
            return said if said.startswith("tier") else f"tier {said}"
    said = asked(pattern, name, voice, _sample(pattern)) + _values(pattern, condition, voice)
    return _PHRASE.get(name, f"{words(name)} {{}}").format(said)


def _sample(pattern: Pattern) -> Mapping[str, str] | None:
    """What is known of the facts of a pattern: its kind, and the metric where it names one (for a threshold by name)."""
    metric = pattern.where.get("metric")
    return {"signal": pattern.kind, **({"metric": str(metric.eq)} if metric and metric.eq is not None else {})}


def _values(pattern: Pattern, condition: Condition, voice: Voice) -> str:
    """Where a threshold by name is another one: `, for Manila 78`."""
    metric = (_sample(pattern) or {}).get("metric", "")
    told = []
    for limit in (condition.gt, condition.gte, condition.lt, condition.lte):
        if isinstance(limit, Named) and (threshold := voice.thresholds.get(metric, {}).get(limit.threshold)):
            for override in threshold.overrides:
                place = " and ".join(str(voice.name(kind, ident)) for kind, ident in override.place.items())
                told.append(f", for {place} {num(override.value, 3)}")
    return "".join(told)


def words_of(ident: str) -> str:
    """`retention-surge` → `retention surge`: an id that people chose, without its dashes."""
    return words(ident).replace("-", " ")


def _one(name: str) -> str:
    return f"at one {words(name)}" if name in ("site", "pool") else f"for one {words(name)}"


def joined(items: Sequence[str], last: str = "and") -> str:
    """`a, b and c`; clauses that have commas themselves are kept apart by semicolons."""
    if len(items) < 3:
        return f" {last} ".join(items)
    if any(", " in item for item in items):
        return f"{'; '.join(items[:-1])}; {last} {items[-1]}"
    return f"{', '.join(items[:-1])} {last} {items[-1]}"
