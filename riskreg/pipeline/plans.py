"""The book of plans: for each site, vendor and shared system, and for what findings would lose; kept until something changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from joblib import Parallel, delayed
from pydantic import ValidationError

from riskreg import continuity
from riskreg.continuity import make_plan
from riskreg.continuity.falling import cascade
from riskreg.model.base import content_hash
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.finding import Finding
from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan
from riskreg.model.times import INTERVAL
from riskreg.workspace import write_atomic

Losses = Mapping[str, tuple[Loss, ...]]
WORTH_WORKERS = 4
"""With fewer plans to make, starting worker processes costs more than it saves."""


def single_losses(network: Network) -> dict[str, tuple[Loss, ...]]:
    """Every single thing whose loss is worth a plan: all sites and vendors, and the systems that something else rests on."""
    refs = [f"site:{s.id}" for s in network.sites] + [f"vendor:{v.id}" for v in network.vendors]
    refs += [f"system:{s.id}" for s in network.systems if _takes_down_more(network, f"system:{s.id}")]
    return {ref: (Loss(ref=ref),) for ref in sorted(refs)}


def finding_losses(findings: Iterable[Finding]) -> dict[str, tuple[Loss, ...]]:
    """What the findings would lose, by the id of the finding."""
    return {f.id: f.lose for f in findings if f.lose and f.failover != "none"}


def _takes_down_more(network: Network, ref: str) -> bool:
    return any(name.startswith(("pool:", "function:")) for name in cascade(network, (Loss(ref=ref),)).fallen)


def onset_of(as_of: datetime) -> datetime:
    """The half hour in which `as_of` falls: when a loss is taken to begin."""
    return as_of - timedelta(seconds=(as_of.minute * 60 + as_of.second) % INTERVAL, microseconds=as_of.microsecond)


def make_plans(
    network: Network,
    losses: Losses,
    *,
    as_of: datetime,
    evidence_expires: int,
    keep: Path,
    progress: Callable[[float], None] = lambda _: None,
) -> dict[str, FailoverPlan]:
    """The plan for each named combination of losses; those kept for the same network, hour, code are read."""
    wanted = {
        name: Disruption(losses=tuple(sorted(parts, key=lambda x: x.ref)), onset=onset_of(as_of)) for name, parts in losses.items()
    }
    places = {name: keep / f"{_key(network, what, as_of, evidence_expires)}.json" for name, what in wanted.items()}
    plans = {name: plan for name, place in places.items() if (plan := _read(place)) is not None}
    missing = sorted(wanted.keys() - plans.keys())
    progress(len(plans) / max(len(wanted), 1))
    for name, plan in zip(missing, _solve(network, [wanted[name] for name in missing], as_of, evidence_expires), strict=True):
        plans[name] = plan
        write_atomic(places[name], plan.model_dump_json(by_alias=True).encode())
        progress(len(plans) / len(wanted))
    _forget(keep, {place.name for place in places.values()})
    return dict(sorted(plans.items()))


def _solve(network: Network, wanted: list[Disruption], as_of: datetime, evidence_expires: int) -> Iterable[FailoverPlan]:
    one = delayed(make_plan)
    yield from Parallel(n_jobs=-1 if len(wanted) >= WORTH_WORKERS else 1, return_as="generator")(
        one(network, what, as_of=as_of, evidence_expires=evidence_expires) for what in wanted
    )


@lru_cache(maxsize=1)
def _code() -> str:
    """Hash of the engine's own source, so that a plan made by other code is never taken for one of this code."""
    folder = Path(continuity.__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("*.py"), *folder.parent.joinpath("model").glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _key(network: Network, what: Disruption, as_of: datetime, evidence_expires: int) -> str:
    return content_hash([_code(), network.hash, what, as_of.isoformat(), evidence_expires])[:32]


def _read(place: Path) -> FailoverPlan | None:
    try:
        return FailoverPlan.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return None  # not there, or cut off by a killed process: made again


def _forget(keep: Path, wanted: set[str]) -> None:
    for path in keep.glob("*.json"):
        if path.name not in wanted:
            path.unlink(missing_ok=True)
