"""Findings: one firing of a rule, with the facts that matched, frozen as they were."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import AwareDatetime

from riskreg.model.base import Frozen, content_hash
from riskreg.model.disruption import Loss
from riskreg.model.rule import Category, Severity


class Step(Frozen):
    """One line of the reason, a tree: read from the top, each line is true because of the lines under it."""

    kind: Literal["rule", "all", "any", "not", "signal", "fact", "condition", "count", "time", "more", "missing", "left-out"]
    holds: bool
    text: str
    fact: str | None = None
    """Id of the fact that made it true."""
    below: tuple[Step, ...] = ()

    @property
    def public(self) -> Step:
        """The reason without exceptions: what one leaves out, why, and who approved it stay between the client and its people."""
        return self.model_copy(update={"below": tuple(part.public for part in self.below if part.kind != "left-out")})


class Finding(Frozen):
    """One firing. `key` holds the join values; `facts` the sorted ids that matched; `matched` those facts as they were."""

    id: str
    rule: str
    version: int
    title: str
    category: Category
    severity: Severity
    key: dict[str, str]
    facts: tuple[str, ...]
    matched: tuple[dict[str, Any], ...]
    at: AwareDatetime
    """Latest event time among the facts."""
    since: AwareDatetime | None = None
    """First firing of the episode that is open; None where the finding rests on standing facts alone."""
    likelihood: int | None = None
    impact: int | Literal["from-function-criticality"] | None = None
    playbooks: tuple[str, ...] = ()
    lose: tuple[Loss, ...] = ()
    failover: Literal["none", "assess", "activate"] = "none"
    escalate: str | None = None
    due: date | None = None
    """The earliest deadline among its facts, where the rule names one."""
    owner: str
    explain: str
    reason: Step

    @property
    def scope(self) -> str:
        """The narrowest thing it speaks about, as a reference: function before site before vendor before system; else `client`."""
        for field in ("function", "pool", "site", "system", "vendor"):
            if field in self.key:
                return f"{field}:{self.key[field]}"
        return "client"

    @property
    def public(self) -> Finding:
        """The finding as a public edition may tell it."""
        return self.model_copy(update={"reason": self.reason.public})


class Aside(Frozen):
    """What a rule did not find, and why a person should know: data that is missing, or an exception that hides a finding."""

    kind: Literal["missing-data", "exception"]
    rule: str
    key: dict[str, str]
    facts: tuple[str, ...]
    """Ids of the overdue readings, or of the facts that the exception leaves out."""
    text: str
    """One sentence for a risk owner."""


def finding_id(rule: str, version: int, key: dict[str, str], facts: tuple[str, ...]) -> str:
    """The same firing has the same id on every run, so that running twice changes nothing."""
    return content_hash([rule, version, key, sorted(facts)])[:16]
