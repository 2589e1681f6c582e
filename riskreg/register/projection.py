"""What the journal adds up to: a pure function from events to risks. The tables and the audit both stand on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from riskreg.model.finding import Finding
from riskreg.model.risk import Event, Risk
from riskreg.register.policy import worst_first


def fold(events: Iterable[Event]) -> dict[str, Risk]:
    """Risk id → risk, from events in the order of the journal. ValueError for an event that cannot follow those before it."""
    risks: dict[str, Risk] = {}
    for event in events:
        if event.risk is not None:
            risks[event.risk] = step(risks.get(event.risk), event)
    return risks


def step(risk: Risk | None, event: Event) -> Risk:
    """`risk` after one more event about it; None where the event is its first. ValueError where the event does not fit."""
    begins = event.kind in ("risk.raised", "risk.added")
    if begins != (risk is None):
        raise ValueError(f"event {event.seq} ({event.kind}) cannot be the {'first' if risk is None else 'next'} of {event.risk}")
    before: dict[str, Any] = dict(risk) if risk else {"id": event.risk, "opened": event.at, "changed": event.at, "version": 0}
    # A replay may carry an earlier moment than a person's edit before it; 'changed' never runs backwards.
    stamp = {"changed": max(before["changed"], event.at), "version": before["version"] + 1}
    try:
        return Risk.model_validate(before | _effect(risk, event) | stamp)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"event {event.seq} ({event.kind}) has a body that is not of its kind: {error}") from error


def _effect(risk: Risk | None, event: Event) -> dict[str, Any]:
    """The fields of the risk that the event sets."""
    body = event.body
    match event.kind:
        case "risk.raised":
            return dict(body)
        case "risk.added":
            fields = {name: value for name, value in body.items() if name not in ("score", "reason")}
            return fields | ({"assessed": _assessment(event)} if body["score"] else {})
        case "risk.assessed":
            return _moved(body) | {"assessed": _assessment(event), "proposal": False}
        case "risk.closed" | "risk.reopened":
            return _moved(body)
        case "risk.noted":
            return _moved(body) | {"note": body["text"]}
        case "finding.opened":
            return _moved(body) | {"findings": worst_first((*_findings(risk), Finding.model_validate(body["finding"])))}
        case "finding.closed":
            return {"findings": tuple(finding for finding in _findings(risk) if finding.id != body["finding"])}
        case "indicated.changed":
            findings = worst_first(finding.model_copy(update=body["findings"].get(finding.id, {})) for finding in _findings(risk))
            return {name: body[name] for name in ("indicated", "proposal", "review_due")} | {"findings": findings}


def _moved(body: dict[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("state", "review_due") if name in body}


def _findings(risk: Risk | None) -> tuple[Finding, ...]:
    return risk.findings if risk else ()


def _assessment(event: Event) -> dict[str, Any]:
    body = event.body
    return {
        "score": body["score"],
        "by": event.actor,
        "at": event.at,
        "reason": body["reason"],
        "indicated": body.get("indicated"),
    }
