"""The states of a risk, and the one table that says which verb leads from which state to which."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from riskreg.model.risk import State

Verb = Literal["identify", "assess", "plan-treatment", "start-treatment", "mitigate", "accept", "close", "reopen", "note"]

# A new assessment of an accepted risk lapses the acceptance: what was accepted is no longer what is there.
TRANSITIONS: Mapping[State, Mapping[Verb, State]] = {
    "draft": {"identify": "identified", "close": "closed", "note": "draft"},
    "identified": {"assess": "assessed", "close": "closed", "note": "identified"},
    "assessed": {
        "assess": "assessed",
        "plan-treatment": "treatment-planned",
        "accept": "accepted",
        "close": "closed",
        "note": "assessed",
    },
    "treatment-planned": {
        "assess": "treatment-planned",
        "start-treatment": "in-treatment",
        "accept": "accepted",
        "close": "closed",
        "note": "treatment-planned",
    },
    "in-treatment": {
        "assess": "in-treatment",
        "mitigate": "mitigated",
        "accept": "accepted",
        "close": "closed",
        "note": "in-treatment",
    },
    "mitigated": {"assess": "assessed", "close": "closed", "note": "mitigated"},
    "accepted": {"assess": "assessed", "close": "closed", "note": "accepted"},
    "closed": {"reopen": "reopened", "note": "closed"},
    "reopened": {"assess": "assessed", "close": "closed", "note": "reopened"},
}

OFFERED: tuple[Verb, ...] = ("assess", "close", "note", "reopen")
"""The verbs that the register gives to people; a refusal names only these."""


def next_state(state: State, verb: Verb) -> State | None:
    """Where `verb` leads from `state`; None where it is not allowed."""
    return TRANSITIONS[state].get(verb)


def allowed(state: State) -> tuple[Verb, ...]:
    """The offered verbs that `state` allows, in alphabetical order."""
    return tuple(verb for verb in OFFERED if verb in TRANSITIONS[state])
