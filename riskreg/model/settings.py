"""riskreg.yaml: what the workspace is called, its scales and bands, its review cadence, and how it is published."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StrictBool, model_validator

from riskreg.model.base import Frozen, Id, Line, Remark, Text
from riskreg.model.times import Duration, zone_names

Band = Literal["low", "moderate", "high", "critical"]
BANDS: tuple[Band, ...] = ("low", "moderate", "high", "critical")

_L, _M, _H, _C = BANDS


class Scales(Frozen):
    """Five named steps each, from 1 to 5."""

    likelihood: Annotated[tuple[Text, ...], Field(min_length=5, max_length=5)] = (
        "Rare", "Unlikely", "Possible", "Likely", "Almost certain",
    )  # fmt: skip
    impact: Annotated[tuple[Text, ...], Field(min_length=5, max_length=5)] = (
        "Slight", "Minor", "Serious", "Major", "Severe",
    )  # fmt: skip


class Matrix(Frozen):
    """The approved band of every likelihood and impact: five rows (likelihood 1 first) of five bands (impact 1 first)."""

    rows: Annotated[tuple[tuple[Band, ...], ...], Field(min_length=5, max_length=5)] = (
        (_L, _L, _L, _L, _H),
        (_L, _L, _M, _M, _H),
        (_L, _M, _M, _H, _C),
        (_L, _M, _H, _C, _C),
        (_M, _H, _C, _C, _C),
    )

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if any(len(row) != 5 for row in self.rows):
            raise ValueError("each row of the matrix has five bands")
        rank = [[BANDS.index(band) for band in row] for row in self.rows]
        if any(row[4] < BANDS.index("high") for row in rank):
            raise ValueError("impact 5 is never below high")
        if any(a > b for row in rank for a, b in zip(row, row[1:], strict=False)):
            raise ValueError("a larger impact cannot have a lower band")
        if any(a > b for upper, lower in zip(rank, rank[1:], strict=False) for a, b in zip(upper, lower, strict=True)):
            raise ValueError("a larger likelihood cannot have a lower band")
        return self

    def band(self, likelihood: int, impact: int) -> Band:
        return self.rows[likelihood - 1][impact - 1]

    def rank(self, likelihood: int, impact: int) -> int:
        """Orders scores, worst largest: by band first, as the matrix decides, then by their product."""
        return 100 * BANDS.index(self.band(likelihood, impact)) + likelihood * impact


class Cadence(Frozen):
    """How often a risk of each band is reviewed."""

    critical: Duration = 604800
    high: Duration = 2592000
    moderate: Duration = 7776000
    low: Duration = 15552000


class Publishing(Frozen):
    """What the publication may show, and under which name."""

    audience: Literal["internal", "public"] = "internal"
    footer: Remark = ""
    app_url: Line = ""
    """Address of the browser application, shown as a link where readers may edit."""


class WideMapping(Frozen):
    """How one wide readings file (a column a metric) becomes long form."""

    file: Text
    at: Text
    time_zone: str = "UTC"
    columns: dict[str, Id]
    """Column heading → metric id."""
    n: dict[str, str] = {}
    """Metric id → the column with its sample size."""
    scope: dict[Literal["client", "vendor", "site", "function"], str] = {}
    """Scope field → a column heading, or `=value` for a constant."""


class Settings(Frozen):
    """The whole of riskreg.yaml."""

    format: Literal[1] = 1
    title: Text
    client: Id
    fictional: StrictBool = False
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    time_zone: Text = "UTC"
    as_of: AwareDatetime | None = None
    """A fixed moment for examples and replays; without it, `--as-of` or the clock at the edge decides."""
    shipped_rules: StrictBool = True
    scales: Scales = Scales()
    matrix: Matrix = Matrix()
    cadence: Cadence = Cadence()
    evidence_expires: Duration = 31536000
    database: str = ""
    """SQLAlchemy address of the journal; empty: `register.db` in the workspace."""
    publishing: Publishing = Publishing()
    wide: tuple[WideMapping, ...] = ()

    @model_validator(mode="after")
    def _zone(self) -> Self:
        if self.time_zone not in zone_names():
            raise ValueError(f"time_zone '{self.time_zone}' is not a time zone; write an IANA name such as Europe/London")
        return self
