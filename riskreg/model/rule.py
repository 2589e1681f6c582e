"""Rules: declarative patterns over signals and facts, and what follows from them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BeforeValidator, Discriminator, Field, Tag, model_validator

from riskreg.model.base import Frozen, Id, Level, Prose, Remark, Share, Text, Whole
from riskreg.model.disruption import LossKind
from riskreg.model.times import Duration, parse_duration

Severity = Literal["low", "medium", "high", "critical"]
Category = Literal[
    "talent-attrition", "quality-drift", "data-exposure", "forecast-miss", "sla-breach", "cost-creep", "communication-lapse",
    "brand-dilution", "tool-conflict", "cultural-mismatch", "site-loss", "system-loss", "vendor-failure", "capability-gap",
    "coverage-gap", "compliance-lapse",
]  # fmt: skip
"""The risk that a rule speaks about; a closed taxonomy."""

Scalar = bool | int | float | str
Operator = Literal["eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "exists"]
ORDER = ("gt", "gte", "lt", "lte")

FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
"""The name of a field of a fact."""

Place = Literal["client", "vendor", "site", "function", "system", "pool"]
"""Fields that say where; a finding's scope is the narrowest of them in its key."""


class Named(Frozen):
    """A limit by its name: the threshold that the fact's metric has for the fact's place."""

    threshold: Id


Limit = Annotated[float, Field(strict=True)] | Named


class Condition(Frozen):
    """What one field must satisfy; several operators must all hold."""

    eq: Scalar | None = None
    ne: Scalar | None = None
    gt: Limit | None = None
    gte: Limit | None = None
    lt: Limit | None = None
    lte: Limit | None = None
    among: Annotated[tuple[Scalar, ...] | None, Field(alias="in")] = None
    not_in: tuple[Scalar, ...] | None = None
    exists: bool | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what the field must satisfy: {gte: 3}")
        return self


def _bare_value(value: Any) -> Any:
    # `metric: leavers` is short for `metric: {eq: leavers}`
    return {"eq": value} if isinstance(value, (str, int, float, bool)) else value


FieldTest = Annotated[Condition, BeforeValidator(_bare_value)]


class Pattern(Frozen):
    """One fact that must be there, or several: a signal or a named fact, with conditions on its own fields."""

    alias: Annotated[Id | None, Field(alias="as")] = None
    signal: Id | None = None
    fact: Id | None = None
    where: dict[str, FieldTest] = {}
    at_least: Annotated[Whole, Field(ge=2, le=1000)] | None = None
    """How many such facts there must be within the window."""
    different: FieldName | None = None
    """Facts with the same value in this field count once: `at_least: 2, different: site` is two sites."""
    within: Duration | None = None
    """Of a counted pattern: how far its facts may lie apart (default: the rule's window). Under `not`: how old the fact may be."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.signal is None) == (self.fact is None):
            raise ValueError("a pattern names either a signal or a fact: {signal: quality_drift}")
        if self.different and not self.at_least:
            raise ValueError("different needs at_least: {signal: quality_drift, at_least: 2, different: site}")
        return self

    @property
    def kind(self) -> str:
        """The name of the signal or the fact."""
        return self.signal or self.fact or ""


class All(Frozen):
    all: Annotated[tuple[When, ...], Field(min_length=1)]


class Any_(Frozen):
    any: Annotated[tuple[When, ...], Field(min_length=1)]


class Not(Frozen):
    no: Annotated[Pattern, Field(alias="not")]


def _when_kind(value: Any) -> str:
    keys = set(value) if isinstance(value, dict) else set(type(value).model_fields) if isinstance(value, Frozen) else set()
    return "all" if "all" in keys else "any" if "any" in keys else "not" if keys & {"not", "no"} else "pattern"


When = Annotated[
    Annotated[All, Tag("all")] | Annotated[Any_, Tag("any")] | Annotated[Not, Tag("not")] | Annotated[Pattern, Tag("pattern")],
    Discriminator(_when_kind),
]
"""The condition of a rule: `all`, `any`, `not` and patterns, nested."""

for _model in (All, Any_, Not):
    _model.model_rebuild()


class Raise(Frozen):
    """The indicated score. Impact may be taken from the most critical function in the finding's scope."""

    likelihood: Level
    impact: Level | Literal["from-function-criticality"]
    due: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_.-]+\.[a-z][a-z0-9_]*( \+ [0-9]{1,3}[mhdw])?$")] = None
    """A pattern's name and its field with a date, `contract.notice_by`, or so long after it, `event.at + 3d`: the risk is reviewed
    by that day at the latest."""

    @property
    def deadline(self) -> tuple[str, str, int] | None:
        """The name of the pattern, its field, and the seconds after it, of `due`."""
        if self.due is None:
            return None
        place, _, after = self.due.partition(" + ")
        alias, _, field = place.rpartition(".")
        return alias, field, parse_duration(after) if after else 0


class Lose(Frozen):
    """The disruption that a finding stands for; `$site` and the like are filled from the join key."""

    ref: Annotated[str, Field(pattern=r"^(site|system|vendor|pool|hazard):(\$[a-z]+|[A-Za-z0-9][A-Za-z0-9_.-]*)$")]
    kind: LossKind | None = None
    share: Annotated[Share, Field(gt=0)] = 1.0
    length: Annotated[Duration | None, Field(alias="for")] = None


class Conclude(Frozen):
    """A fact that other rules can match; it carries the join key."""

    fact: Id


class Then(Frozen):
    """What follows from a firing. `raise` without likelihood and impact is not a risk: leave it out to conclude only."""

    raises: Annotated[Raise | None, Field(alias="raise")] = None
    playbooks: tuple[Id, ...] = ()
    lose: tuple[Lose, ...] = ()
    failover: Literal["none", "assess", "activate"] = "none"
    escalate: Id | None = None
    conclude: Conclude | None = None


LIFTED = ("join", "within")
"""Fields that may stand under `when` too, beside all, any or one pattern: they speak of what it asks for."""


def lifted(when: Mapping[str, Any], rule: Container[str]) -> tuple[str, ...]:
    """Which fields of `when` are the rule's own: a counted pattern keeps its `within`, and nothing is said twice."""
    return tuple(name for name in LIFTED if name in when and name not in rule and not (name == "within" and "at_least" in when))


def lift(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as it is written, with what stands under `when` for the whole rule brought up to it."""
    when = rule.get("when")
    if not isinstance(when, dict) or not (up := lifted(when, rule)):
        return dict(rule)
    rest = {name: value for name, value in when.items() if name not in up}
    return {**rule, "when": rest} | {name: when[name] for name in up}


class RuleException(Frozen):
    """Facts that a rule leaves out until a day, for a reason that somebody answers for."""

    where: Annotated[dict[str, FieldTest], Field(min_length=1)]
    """A fact that meets all of it is as if it were not there."""
    until: date
    """The last day on which the exception holds, in UTC."""
    reason: Text
    approved_by: Id


class Rule(Frozen):
    """One declarative rule. `severity` orders attention and escalation; it is not the score."""

    id: Id
    version: Annotated[Whole, Field(ge=1)]
    title: Text
    status: Literal["draft", "test", "stable", "deprecated"] = "stable"
    replaced_by: Id | None = None
    owner: Id
    category: Category
    severity: Severity
    description: Remark = ""
    when: When
    join: tuple[FieldName, ...] = ()
    within: Duration | None = None
    scope: dict[FieldName, FieldTest] = {}
    """The rule looks only at facts that meet this, as far as their kind has the field."""
    lasting: Annotated[Duration | None, Field(alias="for")] = None
    """How far the first and the latest firing of an episode must lie apart."""
    keep_open_for: Duration | None = None
    """How long a firing keeps the finding open; without it, for ever."""
    on_missing_data: Literal["flag", "ok", "fire"] = "flag"
    """What readings that are overdue do: they are told, they are nothing, or they count as the signal."""
    exceptions: tuple[RuleException, ...] = ()
    then: Then = Then()
    explain: Remark = ""
    false_positives: tuple[Prose, ...] = ()
    references: tuple[Prose, ...] = ()
    tests: tuple[RuleTest, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _written_under_when(cls, value: Any) -> Any:
        return lift(value) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _sound(self) -> Self:
        aliases = [p.alias for p in positives(self.when) if p.alias]
        if len(aliases) != len(set(aliases)):
            raise ValueError("two patterns of one rule have the same name after 'as'")
        if len(self.join) != len(set(self.join)):
            raise ValueError("join names a field twice")
        for pattern in positives(self.when):
            if pattern.within is not None and pattern.at_least is None:
                raise ValueError("within of one pattern needs at_least, or stands under not; the rule's own within is for all")
        due = self.then.raises.deadline if self.then.raises else None
        if due and due[0] not in aliases:
            raise ValueError(f"due refers to '{due[0]}', which no pattern is named after 'as'")
        keys = {name for loss in self.then.lose if "$" in loss.ref for name in [loss.ref.partition("$")[2]]}
        if missing := sorted(keys - set(self.join)):
            raise ValueError(f"lose refers to ${missing[0]}, which is not among the join fields")
        if not list(positives(self.when)):
            raise ValueError("a rule needs at least one pattern that is not negated")
        return self


class Expect(Frozen):
    """A finding that a rule test expects: the rule, and the join key."""

    model_config = Frozen.model_config | {"extra": "allow"}

    rule: Id

    @property
    def key(self) -> dict[str, str]:
        return {name: str(value) for name, value in (self.model_extra or {}).items()}


class RuleTest(Frozen):
    """Facts given, findings expected; an empty `expect` is the negative test that every rule needs."""

    name: Text
    given: tuple[dict[str, Any], ...]
    expect: tuple[Expect, ...]
    as_of: AwareDatetime | None = None
    flags: tuple[Expect, ...] | None = None
    """Where missing data must be told (rule and join key); not compared where it is left out."""


class RuleTests(Frozen):
    """A `*.test.yaml` file: tests of one rule, beside it."""

    rule: Id
    tests: Annotated[tuple[RuleTest, ...], Field(min_length=1)]


Rule.model_rebuild()


def positives(when: When) -> Iterator[Pattern]:
    """Every pattern that is not negated, in file order."""
    if isinstance(when, Pattern):
        yield when
    elif isinstance(when, All):
        for part in when.all:
            yield from positives(part)
    elif isinstance(when, Any_):
        for part in when.any:
            yield from positives(part)


def negatives(when: When) -> Iterator[Pattern]:
    """Every negated pattern, in file order."""
    if isinstance(when, Not):
        yield when.no
    elif isinstance(when, All):
        for part in when.all:
            yield from negatives(part)
    elif isinstance(when, Any_):
        for part in when.any:
            yield from negatives(part)


__all__ = [
    "All",
    "Any_",
    "Category",
    "Conclude",
    "Condition",
    "Expect",
    "FieldName",
    "Limit",
    "Lose",
    "Named",
    "Not",
    "Operator",
    "Pattern",
    "Place",
    "Raise",
    "Rule",
    "RuleException",
    "RuleTest",
    "RuleTests",
    "Scalar",
    "Severity",
    "Then",
    "When",
    "negatives",
    "positives",
]  # fmt: skip
