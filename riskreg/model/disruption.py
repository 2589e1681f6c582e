"""A disruption: what is lost, how much of it, from which hour, for how long."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from riskreg.model.base import Frozen, Ref, Share, content_hash
from riskreg.model.times import Duration

LossKind = Literal["workplace", "people", "system", "vendor", "access"]
KIND_OF: dict[str, LossKind] = {
    "site": "workplace",
    "hazard": "workplace",
    "pool": "people",
    "system": "system",
    "vendor": "vendor",
}
"""What a bare reference means when a loss does not say."""


class Loss(Frozen):
    """One thing lost. `workplace`: the place, people may work from home; `people`: the people themselves; `system`: a service;
    `vendor`: all that a vendor runs; `access`: people and place stand, but cannot reach the work."""

    ref: Ref
    kind: LossKind | None = None
    share: Annotated[Share, Field(gt=0)] = 1.0
    length: Annotated[Duration | None, Field(alias="for")] = None
    """None: until what is lost is restored, or without end where nobody knows."""

    @property
    def what(self) -> LossKind:
        return self.kind or KIND_OF[self.ref.partition(":")[0]]


class Disruption(Frozen):
    """Losses that begin together at `onset`."""

    losses: Annotated[tuple[Loss, ...], Field(min_length=1)]
    onset: AwareDatetime
    reason: str = ""
    """Why we look at it: a finding, a drill, a question."""

    @property
    def id(self) -> str:
        """Names the combination of losses, whatever the onset: twelve hexadecimal digits."""
        return content_hash([loss.model_dump(mode="json") for loss in sorted(self.losses, key=lambda x: x.ref)])[:12]
