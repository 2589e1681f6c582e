"""Metrics: what a reading means, and which detector watches it with which limits. One detector model per kind of signal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from riskreg.model.base import Frozen, Id, Level, Number, Prose, Remark, Share, Text, Whole
from riskreg.model.times import zone_names

Grain = Literal["interval", "day", "week", "month", "event"]


class AttritionSpike(Frozen):
    """Leavers (`value`) of a headcount (`n`): exact test against the site's own past, CUSUM for slow rise."""

    kind: Literal["attrition_spike"]
    baseline: Annotated[Whole, Field(ge=4)] = 26
    """How many earlier periods make the baseline; the newest two are left out, so that a spike is not its own norm."""
    false_discovery_rate: Annotated[Share, Field(gt=0, le=0.2)] = 0.05
    ratio: Annotated[Number, Field(ge=1)] = 1.5
    """Least ratio to the baseline that matters in practice, however small the p-value."""
    cusum_ratio: Annotated[Number, Field(ge=1.05, le=20)] = 1.5
    """The slow rise that the CUSUM is tuned to."""
    run_length: Annotated[Number, Field(gt=10, le=100_000)] = 500.0
    """In-control average run length of the CUSUM, in periods: how long a site where nothing changes goes without a false signal."""


class QualityDrift(Frozen):
    """EWMA and CUSUM of a score or a rate whose sample size `n` is known."""

    kind: Literal["quality_drift"]
    measure: Literal["rate", "mean"]
    """`rate`: a share 0 to 1 of `n` contacts; `mean`: a mean score of `n` contacts with standard deviation `deviation`."""
    deviation: Annotated[Number, Field(gt=0)] | None = None
    baseline: Annotated[Whole, Field(ge=4)] = 16
    weight: Annotated[Share, Field(ge=0.02)] = 0.2
    run_length: Annotated[Number, Field(gt=10, le=100_000)] = 500.0
    """In-control average run length of the EWMA and the CUSUM together, in periods."""
    least_change: Annotated[Number, Field(ge=0)] = 0.0
    """Least change against the baseline, in the metric's own unit, that matters in practice."""

    @model_validator(mode="after")
    def _deviation(self) -> Self:
        if (self.measure == "mean") != (self.deviation is not None):
            raise ValueError("a mean needs its deviation, and a rate has none: measure: mean, deviation: 12.0")
        return self


class ForecastMiss(Frozen):
    """Volume against the forecast in another metric: WAPE per period, bias and tracking signal; over and under told apart."""

    kind: Literal["forecast_miss"]
    forecast: Id
    period: Literal["day", "week"] = "week"
    wape: Annotated[Share, Field(gt=0)] = 0.10
    """Largest weighted absolute error that is no miss, as a share of the volume: 0.10 is 11 % above the forecast, 9 % below it."""
    bias: Annotated[Share, Field(gt=0)] = 0.05
    """Least bias over the memory, as a share of the forecast, for which the tracking signal counts."""
    tracking: Annotated[Number, Field(gt=0)] = 4.0
    """Limit of the tracking signal over the memory (sum of errors over mean absolute deviation; never more than `memory`)."""
    memory: Annotated[Whole, Field(ge=3)] = 8
    false_discovery_rate: Annotated[Share, Field(gt=0, le=0.2)] = 0.05


class DataExposure(Frozen):
    """Counted security events: one critical event is a signal by itself, others by an exact Poisson test on the baseline."""

    kind: Literal["data_exposure"]
    event_level: Level = 5
    """How grave one event of this metric is: 4 and 5 are signals at the first event."""
    baseline: Annotated[Whole, Field(ge=4)] = 26
    false_discovery_rate: Annotated[Share, Field(gt=0, le=0.2)] = 0.05


_GRAINS: dict[str, tuple[Grain, ...]] = {"day": ("interval", "day"), "week": ("interval", "day", "week")}

Detector = Annotated[AttritionSpike | QualityDrift | ForecastMiss | DataExposure, Field(discriminator="kind")]


class Label(Frozen):
    """A known event in the readings: what should be found, or what explains a wiggle (`expect: none`)."""

    title: Text
    start: Annotated[date, Field(alias="from")]
    end: Annotated[date, Field(alias="to")]
    site: Id | None = None
    vendor: Id | None = None
    function: Id | None = None
    expect: Literal["signal", "none"] = "signal"


NARROWEST = ("function", "site", "vendor", "client")
"""Fields of a place, the narrowest first."""


class Override(Frozen):
    """Another value of a threshold at one place; the narrowest one that fits a fact stands."""

    client: Id | None = None
    vendor: Id | None = None
    site: Id | None = None
    function: Id | None = None
    value: Number

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not self.place:
            raise ValueError("say where the override holds: {site: MNL, value: 0.08}")
        return self

    @property
    def place(self) -> dict[str, str]:
        """The fields that a fact must have with these values."""
        return {name: value for name in NARROWEST if (value := getattr(self, name)) is not None}


class Threshold(Frozen):
    """A limit that rules refer to by its name."""

    value: Number
    overrides: tuple[Override, ...] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        places = [tuple(override.place.items()) for override in self.overrides]
        if len(places) != len(set(places)):
            raise ValueError("two overrides speak of the same place")
        return self

    def at(self, fact: Mapping[str, Any]) -> float:
        """The value for a fact: of the overrides that fit it the narrowest (function before site before vendor before client)."""
        fitting = [o for o in self.overrides if all(fact.get(name) == value for name, value in o.place.items())]
        narrowest = max(fitting, key=lambda o: [name in o.place for name in NARROWEST], default=self)
        return narrowest.value


def _bare_threshold(value: Any) -> Any:
    # `floor: 0.8` is short for `floor: {value: 0.8}`
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"value": value}
    if not isinstance(value, (dict, Threshold)):
        raise ValueError("a limit is a number, or a value with overrides: {value: 85, overrides: [{site: KRK, value: 90}]}")
    return value


class Metric(Frozen):
    """One thing that is measured. Without a detector it is kept, charted and available as a forecast, but never judged."""

    id: Id
    name: Text
    definition: Prose
    unit: Literal["share", "score", "count", "positions", "seconds", "money"] = "count"
    worse: Literal["up", "down", "both"] = "up"
    grain: Grain = "week"
    time_zone: str = "UTC"
    """Zone in which its days, weeks and months begin: the last hour of an American evening is not the next day's."""
    least: Number | None = None
    most: Number | None = None
    """Readings outside [least, most] are faults, not signals."""
    detector: Detector | None = None
    thresholds: dict[Id, Annotated[Threshold, BeforeValidator(_bare_threshold)]] = {}
    """Limits by name, which rules refer to: `gte: {threshold: floor}`."""
    source: Remark = ""
    """Who reports it, and by which definition of theirs."""
    labels: tuple[Label, ...] = ()

    @model_validator(mode="after")
    def _judged(self) -> Self:
        watch = self.detector
        if isinstance(watch, ForecastMiss) and self.grain not in _GRAINS[watch.period]:
            raise ValueError(f"readings per {self.grain} cannot be judged per {watch.period}; write grain: {watch.period}")
        if isinstance(watch, AttritionSpike | QualityDrift) and self.grain in ("interval", "event"):
            raise ValueError(f"{watch.kind} judges whole periods; write grain: day, week or month")
        if isinstance(watch, DataExposure) and watch.event_level < 4 and self.grain == "event":
            raise ValueError("events below level 4 are judged by how many there are: count them per day, week or month, zeros too")
        return self

    @model_validator(mode="after")
    def _zone(self) -> Self:
        if self.time_zone not in zone_names():
            raise ValueError(f"time_zone '{self.time_zone}' is not a time zone; write an IANA name such as America/New_York")
        return self
