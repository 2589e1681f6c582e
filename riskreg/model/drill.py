"""Drills: objectives, and injects on a timeline (the master scenario events list)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from riskreg.model.base import Frozen, Id, Text, Whole
from riskreg.model.disruption import Disruption, Loss

InjectType = Literal["standard", "contingency", "adaptive", "complexity"]
Trigger = Literal["scheduled", "manual", "conditional"]
Delivery = Literal["read aloud", "phone", "e-mail", "chat", "screen"]


class DrillOrder(Frozen):
    """A `drills/*.yaml` file: which drill is wanted. The packs are generated from the network as it is when a run reads it."""

    id: Id
    title: Text = "Tabletop exercise"
    lose: Annotated[tuple[Loss, ...], Field(min_length=1)]
    minutes: Annotated[Whole, Field(ge=15, le=480)] = 90


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
    delivery: Delivery
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
