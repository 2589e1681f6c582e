"""Situations: which playbook is rendered for what. Findings name theirs; every plan of a whole loss has one of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from riskreg.model.finding import Finding
from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan
from riskreg.model.playbook import PlaybookTemplate, Situation

PLAYBOOK_OF_LOSS = {"site": "site-lost", "system": "system-lost", "vendor": "vendor-exit"}
"""The continuity playbook that carries the failover plan of a single loss."""


def situations(
    templates: Sequence[PlaybookTemplate],
    findings: Sequence[Finding],
    plans: Mapping[str, FailoverPlan],
    as_of: datetime,
) -> tuple[Situation, ...]:
    """One situation for each playbook and scope, in order of their ids."""
    known = {template.id for template in templates}
    called: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        for playbook in finding.playbooks:
            called.setdefault((playbook, finding.scope), []).append(finding)
    for ref in plans:
        if (playbook := PLAYBOOK_OF_LOSS.get(ref.partition(":")[0], "")) in known:
            called.setdefault((playbook, ref), [])
    return tuple(
        Situation(
            id=f"{playbook}--{scope.replace(':', '-')}",
            playbook=playbook,
            scope=scope,
            findings=tuple(because),
            plan=plans.get(scope) or next((plans[f.id] for f in because if f.id in plans), None),
            as_of=as_of,
        )
        for (playbook, scope), because in sorted(called.items())
        if playbook in known
    )


def risk_title(network: Network, finding: Finding) -> str:
    """`Cebu: people leave faster than usual`: the place first, so that lists align."""
    place = network.name_of(finding.scope) if ":" in finding.scope else ""
    return f"{place}: {finding.title[0].lower()}{finding.title[1:]}" if place else finding.title
