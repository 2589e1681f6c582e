"""What a person sent: read, checked, and given back unlost with a message beside each field that needs mending."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from riskreg.model.faults import FaultError
from riskreg.model.risk import Score
from riskreg.register.entry import Entry


@dataclass(frozen=True)
class AssessmentForm:
    """An assessment as sent. `errors` maps a field to what to do about it; empty when `score` can be saved."""

    likelihood: str = ""
    impact: str = ""
    reason: str = ""
    actor: str = ""
    based_on: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def score(self) -> Score:
        return Score(likelihood=int(self.likelihood), impact=int(self.impact))

    @property
    def version(self) -> int:
        return int(self.based_on)


def read(sent: Mapping[str, object], people: Sequence[str]) -> AssessmentForm:
    """The form as sent, with every error that it has."""
    values = {name: str(sent.get(name, "")).strip() for name in ("likelihood", "impact", "reason", "actor", "based_on")}
    errors: dict[str, str] = {}
    if values["likelihood"] not in _STEPS:
        errors["likelihood"] = "Choose how likely it is"
    if values["impact"] not in _STEPS:
        errors["impact"] = "Choose how bad it would be"
    if wrong := _wrong_reason(values["reason"]):
        errors["reason"] = wrong
    if values["actor"] not in people:
        errors["actor"] = "Choose who you are"
    if not re.fullmatch(r"[0-9]{1,9}", values["based_on"]):
        errors["based_on"] = "Open the risk again: this form has lost the version that it was made from"
    return AssessmentForm(**values, errors=errors)


def _wrong_reason(reason: str) -> str:
    """What the register itself would refuse, said before anything is sent to it."""
    if not reason:
        return "Say why, for example: two agents came back, and the next class starts on 30 November"
    entry = Entry("form")
    entry.text("reason", reason)
    try:
        entry.done()
    except FaultError as error:
        return " ".join(f"{fault.message[:1].upper()}{fault.message[1:]}. {fault.hint}" for fault in error.faults)
    return ""


_STEPS = frozenset("12345")
