"""Drills: objectives, and injects on a timeline (the master scenario events list)."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime

from riskreg.model.base import Frozen
from riskreg.model.disruption import Disruption

InjectType = Literal["standard", "contingency", "adaptive", "complexity"]
Trigger = Literal["scheduled", "manual", "conditional"]


class Objective(Frozen):
    """What the players should be able to do, and how that is seen."""

    id: str
    text: str
    capability: str
    tasks: tuple[str, ...]


class Inject(Frozen):
    """One event of the scenario. `minute` is exercise time, `scenario` is seconds after the loss."""

    number: int
    minute: int
    scenario: int
    source: str
    target: str
    delivery: Literal["read aloud", "phone", "e-mail", "chat", "screen"]
    text: str
    expected_action: str
    expected_outcome: str
    controller_notes: str = ""
    type: InjectType = "standard"
    trigger: Trigger = "scheduled"
    condition: str = ""
    objectives: tuple[str, ...] = ()


class Drill(Frozen):
    """A tabletop exercise, generated from a failover plan."""

    id: str
    title: str
    disruption: Disruption
    plan: str
    minutes: int
    made_for: AwareDatetime
    network_hash: str
    purpose: str
    assumptions: tuple[str, ...]
    objectives: tuple[Objective, ...]
    players: tuple[str, ...]
    injects: tuple[Inject, ...]
