"""What was measured, on a page: the reading behind a signal in one line, and its control chart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from riskreg.detection import trace
from riskreg.model.finding import Finding
from riskreg.model.metric import AttritionSpike, ForecastMiss, Metric, QualityDrift
from riskreg.model.words import place
from riskreg.publishing import charts as drawn
from riskreg.publishing import words
from riskreg.publishing.edition import Edition

_WIDE, _NARROW = (720, 40), (344, 16)
"""Width in pixels and the number of periods that can be told apart on it."""
_MOST_CHARTS = 3
_LEAST = 5
_GRAIN = {"interval": "interval", "day": "day", "week": "week", "month": "month", "event": "period"}


def line(edition: Edition, finding: Finding, fact: str) -> str:
    """The frozen reading of a signal: value, usual level, limit, sample size, period. Empty where the fact has no value."""
    matched = next((item for item in finding.matched if item.get("id") == fact), None)
    metric = edition.metrics.get(str(matched.get("metric"))) if matched else None
    if not matched or not metric or not isinstance(matched.get("value"), (int, float)):
        return ""
    say = speaker(edition, metric)
    parts = [f"{_measured(metric)} {say(matched['value'])}"]
    parts += [f"{name} {say(matched[key])}" for key, name in (("baseline", "usual"), ("limit", "limit"))
              if isinstance(matched.get(key), (int, float))]  # fmt: skip
    if isinstance(matched.get("level"), (int, float)):
        parts.insert(1, f"smoothed over the weeks {say(matched['level'])}, which the limit is for")
    if isinstance(matched.get("n"), (int, float)):
        parts.append(f"of {words.number(matched['n'], 0)}")
    since, until = _moment(matched.get("from")), _moment(matched.get("to"))
    if since and until:
        parts.append(f"{words.local_day(since, edition.zone)} to {words.local_day(until, edition.zone)}")
    return ", ".join(parts) + (f". {metric.source}" if metric.source else "")


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and value.tzinfo else None


def speaker(edition: Edition, metric: Metric) -> Callable[[float], str]:
    """How the value of a signal is said: in the metric's own unit, a forecast miss as a share of the volume."""
    unit = "share" if isinstance(metric.detector, ForecastMiss) else metric.unit
    return lambda value: words.reading(value, unit, edition.settings.currency)


def chart_speaker(edition: Edition, metric: Metric) -> Callable[[float], str]:
    """How the values of `detection.trace` are said, which gives attrition, rates and forecast misses in per cent."""
    watch = metric.detector
    if isinstance(watch, (AttritionSpike, ForecastMiss)) or (isinstance(watch, QualityDrift) and watch.measure == "rate"):
        return lambda value: f"{words.number(value)}{words.NBSP}%"
    return lambda value: words.reading(value, metric.unit, edition.settings.currency)


def charts(edition: Edition, findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """A control chart for each series that findings were drawn from, at most three, with what it shows in words."""
    series: dict[tuple[str, str | None, str | None, str | None], None] = {}
    for finding in findings:
        for fact in finding.matched:
            if fact.get("signal") and fact.get("metric") in edition.metrics:
                series[str(fact["metric"]), fact.get("site"), fact.get("vendor"), fact.get("function")] = None
    return [chart for key in list(series)[:_MOST_CHARTS] if (chart := _chart(edition, *key))]


def _chart(edition: Edition, ident: str, site: str | None, vendor: str | None, function: str | None) -> dict[str, Any] | None:
    metric = edition.metrics[ident]
    frame = trace(
        edition.content.workspace.readings, metric, site=site, vendor=vendor, function=function, as_of=edition.content.as_of
    )
    rows = [drawn.Measured(**row) for row in frame.select("at", "value", "baseline", "limit", "signal").sort("at").to_dicts()]
    # A handful of events is a sentence, not a chart; the reason above already says it.
    if sum(row.value is not None for row in rows) < _LEAST:
        return None
    say = chart_speaker(edition, metric)
    scopes = [("function", function), ("site", site), ("vendor", vendor)]
    where = next((edition.name(f"{kind}:{value}") for kind, value in scopes if value), "the client")
    title = f"{_measured(metric)}, {where}" + (", per cent of headcount" if isinstance(metric.detector, AttritionSpike) else "")
    title += ", smoothed" if isinstance(metric.detector, QualityDrift) else ""
    here = {kind: value for kind, value in scopes if value}
    # Limits that rules name are in the metric's own unit; a chart in per cent of it would show them in the wrong place.
    plain = isinstance(metric.detector, QualityDrift) and metric.detector.measure != "rate" and not edition.public
    agreed = {words.spaced(name): limit.at(here) for name, limit in metric.thresholds.items()} if plain else {}
    signals = sum(row.signal for row in rows[-_WIDE[1] :])
    said = f"{title}: newest {say(rows[-1].value) if rows[-1].value is not None else 'missing'}, "
    said += f"{words.count(signals, 'signal')} in {words.count(min(len(rows), _WIDE[1]), _period(metric))}"
    wide, narrow = (
        drawn.control(rows[-most:], say=say, label=said, width=width, worse=metric.worse, agreed=agreed)
        for width, most in (_WIDE, _NARROW)
    )
    return {"title": title, "wide": wide, "narrow": narrow, "caption": _caption(metric, said, edition.zone)}


def _measured(metric: Metric) -> str:
    """What the values of a signal or a chart are."""
    return (
        f"Forecast error of {metric.name[0].lower()}{metric.name[1:]}" if isinstance(metric.detector, ForecastMiss) else metric.name
    )


def _period(metric: Metric) -> str:
    return metric.detector.period if isinstance(metric.detector, ForecastMiss) else _GRAIN[metric.grain]


def _caption(metric: Metric, said: str, zone: str) -> str:
    source = f" Source: {metric.source}." if metric.source else ""
    definition = metric.definition.replace("`", "").rstrip(".")
    smoothed = (
        " The line is the smoothed level, not what single weeks reported." if isinstance(metric.detector, QualityDrift) else ""
    )
    return f"{said}. Diamonds are signals.{smoothed} {definition}.{source} Dates as in {place(zone)}."
