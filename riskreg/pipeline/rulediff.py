"""What a change of rules changes: the rules themselves, what they find now, the register, and how often they would have fired."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal

from riskreg import register
from riskreg.inference.proving.lock import PARTS, locked
from riskreg.model.backtest import Backtest
from riskreg.model.base import Frozen
from riskreg.model.content import Workspace
from riskreg.model.finding import Finding
from riskreg.model.risk import Risk, Score
from riskreg.model.rule import Rule
from riskreg.pipeline import deciding
from riskreg.pipeline.facts import Given
from riskreg.pipeline.situations import risk_title

_DECIDES = frozenset({*PARTS, "status", "exceptions"})
"""Fields with a say in what is found; `status` and `exceptions` need no new version."""
Key = tuple[tuple[str, str], ...]


class RuleChange(Frozen):
    """One rule that is not the same before and after."""

    rule: str
    title: str
    kind: Literal["added", "removed", "changed"]
    fields: tuple[str, ...] = ()
    """Names in the file of what differs; empty for a rule that is new or gone. Tests are no part of it."""
    logic: bool = False
    """Something that decides differs; otherwise only words."""
    before: int | None = None
    """Version."""
    after: int | None = None

    @property
    def must_be_raised(self) -> bool:
        """Logic that a version stands for changed under the same or a lower version."""
        decided = {PARTS[name] for name in PARTS} & set(self.fields)
        return bool(decided) and self.before is not None and self.after is not None and self.after <= self.before


class FindingChange(Frozen):
    """One finding, by rule and join key, that comes, goes or weighs another amount."""

    rule: str
    key: dict[str, str]
    kind: Literal["appears", "vanishes", "changes"]
    before: str = ""
    """Severity and score, `high, 4 × 3 = 12`; empty where there is none."""
    after: str = ""
    explain: str


class RiskChange(Frozen):
    """One risk that the register would hold otherwise. `risk` is its number where it has one already."""

    risk: str | None
    category: str
    scope: str
    title: str
    kind: Literal["raised", "not-raised", "updated", "eased", "re-scored"]
    before: int | None = None
    """The score number that would stand with the rules before."""
    after: int | None = None
    owner: str
    told: tuple[str, ...] = ()
    """Tiers that its findings escalate to; nobody is told of a risk that would not be there."""


class HistoryChange(Frozen):
    """How often a rule fires on the history, before and after; None where there is no such rule."""

    rule: str
    before: int | None
    after: int | None
    false_before: int = 0
    false_after: int = 0


class RuleDiff(Frozen):
    """All of it; empty where nothing differs."""

    rules: tuple[RuleChange, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    risks: tuple[RiskChange, ...] = ()
    history: tuple[HistoryChange, ...] = ()

    @property
    def matters(self) -> bool:
        """Whether findings or risks differ."""
        return bool(self.findings or self.risks)


def rulediff(
    before: Sequence[Rule],
    after: Sequence[Rule],
    *,
    workspace: Workspace,
    given: Given,
    risks: Sequence[Risk],
    as_of: datetime,
    judge: Callable[[Sequence[Rule]], Backtest] | None = None,
) -> RuleDiff:
    """What rules `after` say of the same facts and the same register that rules `before` did not; nothing is written.

    `risks` are those of the register in the order of their numbers; `judge` runs the history, where it is wanted.
    """
    was, now = ({rule.id: rule for rule in rules} for rules in (before, after))
    found_before, found_after = (_findings(rules, workspace, given, risks, as_of) for rules in (before, after))
    return RuleDiff(
        rules=tuple(_rules(was, now)),
        findings=tuple(_changed(found_before, found_after)),
        risks=tuple(_risks(found_before, found_after, workspace, risks, as_of)),
        history=tuple(_history(judge(before), judge(after))) if judge else (),
    )


def _rules(was: Mapping[str, Rule], now: Mapping[str, Rule]) -> Iterator[RuleChange]:
    for ident in sorted(was.keys() | now.keys()):
        one, other = was.get(ident), now.get(ident)
        if one is None or other is None:
            known, kind = (other, "added") if one is None else (one, "removed")
            assert known is not None
            decides = known.status != "draft"
            versions = {"before": one.version if one else None, "after": other.version if other else None}
            yield RuleChange.model_validate({"rule": ident, "title": known.title, "kind": kind, "logic": decides} | versions)
        elif fields := _fields(one, other):
            yield RuleChange(
                rule=ident,
                title=other.title,
                kind="changed",
                fields=tuple(_in_file(name) for name in fields),
                logic=bool(_DECIDES & set(fields)),
                before=one.version,
                after=other.version,
            )


def _fields(one: Rule, other: Rule) -> list[str]:
    """Model fields that differ; the version alone is told by its numbers. A logic that only looks different is no difference."""
    differ = [name for name in Rule.model_fields if name not in ("tests", "version") and getattr(one, name) != getattr(other, name)]
    if locked(one).sha256 == locked(other).sha256:
        differ = [name for name in differ if name not in PARTS]
    return differ or (["version"] if one.version != other.version else [])


def _in_file(name: str) -> str:
    return Rule.model_fields[name].alias or name


def _findings(
    rules: Sequence[Rule], workspace: Workspace, given: Given, risks: Sequence[Risk], as_of: datetime
) -> tuple[Finding, ...]:
    with_rules = workspace.model_copy(update={"rules": tuple(rules)})
    return deciding.judge(with_rules, given, risks, as_of=as_of, engine="reference").findings


def _changed(before: Iterable[Finding], after: Iterable[Finding]) -> Iterator[FindingChange]:
    was, now = ({_of(finding): finding for finding in findings} for findings in (before, after))
    for rule, key in sorted(was.keys() | now.keys()):
        one, other = was.get((rule, key)), now.get((rule, key))
        said = {"before": _weight(one) if one else "", "after": _weight(other) if other else ""}
        if said["before"] == said["after"]:
            continue
        known = other or one
        assert known is not None
        kind = "appears" if one is None else "vanishes" if other is None else "changes"
        yield FindingChange.model_validate({"rule": rule, "key": dict(key), "kind": kind, "explain": known.explain} | said)


def _of(finding: Finding) -> tuple[str, Key]:
    return finding.rule, tuple(sorted(finding.key.items()))


def _weight(finding: Finding) -> str:
    if finding.likelihood is None or not isinstance(finding.impact, int):
        return finding.severity
    return f"{finding.severity}, {finding.likelihood} × {finding.impact} = {finding.likelihood * finding.impact}"


def _risks(
    before: Sequence[Finding], after: Sequence[Finding], workspace: Workspace, risks: Sequence[Risk], as_of: datetime
) -> Iterator[RiskChange]:
    was, now = (
        {(risk.category, risk.scope): risk for risk in _preview(findings, workspace, risks, as_of)} for findings in (before, after)
    )
    numbers = {(risk.category, risk.scope): risk.id for risk in risks}
    for place in sorted(was.keys() | now.keys()):
        one, other = was.get(place), now.get(place)
        known = other or one
        assert known is not None
        if kind := _kind(one, other):
            yield RiskChange.model_validate(
                {
                    "risk": numbers.get(place), "category": known.category, "scope": known.scope, "title": known.title,
                    "kind": kind,
                    "before": _number(one), "after": _number(other), "owner": known.owner,
                    "told": tuple(sorted({finding.escalate for finding in known.findings if finding.escalate and other})),
                }
            )  # fmt: skip


def _preview(findings: Sequence[Finding], workspace: Workspace, risks: Sequence[Risk], as_of: datetime) -> tuple[Risk, ...]:
    def title(finding: Finding) -> str:
        return risk_title(workspace.network, finding)

    return register.preview(risks, findings, as_of=as_of, settings=workspace.settings, titles=title)[1]


def _kind(one: Risk | None, other: Risk | None) -> str:
    if one is None or other is None:
        return "raised" if one is None else "not-raised"
    if one.score != other.score:
        return "re-scored"
    was, now = ({_of(finding): _weight(finding) for finding in risk.findings} for risk in (one, other))
    if was.keys() - now.keys() and not now.keys() - was.keys():
        return "eased"
    return "updated" if was != now or (one.proposal, one.indicated) != (other.proposal, other.indicated) else ""


def _number(risk: Risk | None) -> int | None:
    score: Score | None = risk.score if risk else None
    return score.number if score else None


def _history(before: Backtest, after: Backtest) -> Iterator[HistoryChange]:
    for ident in sorted({one.rule for one in (*before.rules, *after.rules)}):
        was, now = before.of(ident), after.of(ident)
        change = HistoryChange(
            rule=ident,
            before=was.fired if was else None,
            after=now.fired if now else None,
            false_before=len(was.false_alarms) if was else 0,
            false_after=len(now.false_alarms) if now else 0,
        )
        spans = [[(e.key, e.first, e.last) for e in one.episodes] if one else None for one in (was, now)]
        if spans[0] != spans[1]:
            yield change
