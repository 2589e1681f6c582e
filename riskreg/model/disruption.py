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


def parse_loss(text: str) -> Loss:
    """`site:MNL`, `pool:ceb-voice=40%`, `site:CEB/people=0.15` → a loss. ValueError says what is wrong and how it is written."""
    ref, _, amount = text.strip().partition("=")
    ref, _, kind = ref.partition("/")
    try:
        share = float(amount.rstrip("%")) / (100 if amount.endswith("%") else 1) if amount else 1.0
        return Loss.model_validate({"ref": ref, "kind": kind or None, "share": share})
    except ValueError as error:
        raise ValueError(f"'{text}' is not a loss; write site:MNL, pool:ceb-voice=40% or site:CEB/people=15%") from error


class Disruption(Frozen):
    """Losses that begin together at `onset`."""

    losses: Annotated[tuple[Loss, ...], Field(min_length=1)]
    onset: AwareDatetime

    @property
    def id(self) -> str:
        """Names the combination of losses, whatever the onset: twelve hexadecimal digits."""
        return content_hash([loss.model_dump(mode="json") for loss in sorted(self.losses, key=lambda x: x.ref)])[:12]
