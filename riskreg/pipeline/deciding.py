"""Rules decide on what they are given, and on what the register will hold because of what they decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from riskreg import inference
from riskreg.continuity import criticality
from riskreg.inference.evaluation import Engine
from riskreg.model.content import Workspace
from riskreg.model.faults import Fault, FaultError, Span
from riskreg.model.finding import Finding
from riskreg.model.risk import Risk
from riskreg.model.rule import Rule, negatives, positives
from riskreg.model.signal import Fact
from riskreg.pipeline.facts import Given
from riskreg.register import preview, risk_facts

ROUNDS = 10
"""How often rules may be asked because of what they would write into the register. A chain of rules over risks takes a round for
each link."""


class Judged(NamedTuple):
    """What was decided, by which rules and on which facts; the findings with impacts as numbers."""

    pack: inference.Pack
    given: Given
    decided: inference.Decided
    findings: tuple[Finding, ...]


def judge(
    workspace: Workspace,
    given: Given,
    risks: Sequence[Risk],
    *,
    as_of: datetime,
    engine: Engine = "both",
) -> Judged:
    """Decides, once where no rule looks at risks; else until the risks that rules see are those that their findings lead to.

    `risks` are all of the register as it stands, in the order of their numbers. So a second run on the register that this
    one leaves sees the same facts, and changes nothing.

    Raises:
        FaultError: rules raise a risk because it is not there, and let it go because it is (`register-unsettled`).
    """
    pack = inference.prepare([rule for rule in workspace.rules if rule.status != "draft"])

    def decide(seen: Given, by: Engine) -> inference.Decided:
        return inference.decide(pack, seen.facts, as_of=as_of, engine=by, names=seen.names, thresholds=seen.thresholds)

    watching = [rule for rule in workspace.rules if rule.status != "draft" and _looks_at_risks(rule)]
    if not watching:
        decided = decide(given, engine)
        return Judged(pack, given, decided, tuple(_with_impact(workspace, finding) for finding in decided.findings))
    told: list[Fact] = risk_facts(risks, workspace.settings.client)
    before: set[tuple[str, str]] = set()
    # Where both engines decide the reference's answer stands, so that it alone can tell which risks there will be.
    searching: Engine = "reference" if engine == "both" else engine
    for _ in range(ROUNDS):
        seen = given.with_risks(told)
        decided = decide(seen, searching)
        findings = tuple(_with_impact(workspace, finding) for finding in decided.findings)
        after = preview(risks, findings, as_of=as_of, settings=workspace.settings)[1]
        expected = risk_facts(after, workspace.settings.client)
        if expected == told:
            return Judged(pack, seen, decided if searching == engine else decide(seen, engine), findings)
        now = {(finding.rule, finding.scope) for finding in findings}
        told, before, changed = expected, now, {rule for rule, _ in now ^ before}
    raise FaultError([_unsettled(rule) for rule in sorted(changed or {rule.id for rule in watching})])


def _looks_at_risks(rule: Rule) -> bool:
    return any(pattern.fact == "risk" for pattern in (*positives(rule.when), *negatives(rule.when)))


def _with_impact(workspace: Workspace, finding: Finding) -> Finding:
    if finding.impact != "from-function-criticality":
        return finding
    return finding.model_copy(update={"impact": criticality(workspace.network, finding.key)})


def _unsettled(rule: str) -> Fault:
    return Fault(
        code="register-unsettled",
        message=f"rule {rule} changes its answer with the risks that the rules raise, and does not come to rest",
        hint="Let no rule take back, by what it raises, what it looks at: its score or state as little as the risk itself.",
        example="{fact: risk, where: {category: site-loss}}   # in a rule of another category, without likelihood, impact or state",
        span=Span(path="rules", cell=rule),
    )
