"""readings → signals → findings → risks → disruption → failover plan + proof → playbooks → publication."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

import polars as pl
import yaml

from riskreg import drills, inference, playbooks
from riskreg.continuity import make_plan
from riskreg.detection import detect
from riskreg.model.content import Content, Workspace
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.drill import Drill, DrillOrder
from riskreg.model.faults import Fault, FaultError, Span, in_order
from riskreg.model.metric import ForecastMiss
from riskreg.model.plan import FailoverPlan
from riskreg.model.playbook import RenderedPlaybook, Situation
from riskreg.model.risk import Changes
from riskreg.pipeline.backtest import kept_past
from riskreg.pipeline.deciding import judge
from riskreg.pipeline.facts import OVERDUE, Given, facts_of
from riskreg.pipeline.opening import known_risks, open_register, open_workspace
from riskreg.pipeline.plans import Losses, finding_losses, make_plans, onset_of, single_losses
from riskreg.pipeline.situations import risk_title, situations
from riskreg.publishing import Published, page_addresses, publish
from riskreg.workspace import write_atomic, write_lock

Watch = Callable[[str, float], None]
"""Told the name of a stage and how much of it is done, 0 to 1."""


def _unwatched(_stage: str, _done: float) -> None:
    pass


@dataclass(frozen=True)
class Report:
    """What one run read, found, changed, planned and published."""

    content: Content
    changes: Changes
    published: Published | None
    faults: tuple[Fault, ...]
    """Those that did not forbid the run: warnings, and any disagreement of the engines."""


def run(
    root: Path,
    *,
    now: datetime,
    as_of: datetime | None = None,
    engine: Literal["both", "durable", "reference"] = "both",
    build: bool = True,
    watch: Watch = _unwatched,
) -> Report:
    """Walks the main job once. Running it again on the same files changes nothing.

    Args:
        root: folder of the workspace.
        now: the moment, read by the caller; used where neither `as_of` nor the workspace fixes one.
        build: False leaves the publication as it is.

    Raises:
        FaultError: the files, the register or a template have faults; nothing was changed. Where only the builder of the site
            refuses a page, the register is up to date and the old publication stands; `changed` says so.
    """
    with write_lock(root):
        watch("read", 0.0)
        workspace, warnings = open_workspace(root)
        network, settings = workspace.network, workspace.settings
        moment = as_of or settings.as_of or now

        watch("detect", 0.0)
        warnings = (*warnings, *_later(workspace, moment))
        signals = detect(workspace.readings, workspace.metrics, client=settings.client, as_of=moment)

        watch("plan", 0.0)
        plans = _plan(root / ".riskreg/plans", workspace, single_losses(network), moment, watch)

        watch("decide", 0.0)
        given = facts_of(workspace, signals, plans, as_of=moment)
        warnings = (*warnings, *_overdue(given))
        judged = judge(workspace, given, known_risks(root, workspace), as_of=moment, engine=engine)
        decided, findings = judged.decided, judged.findings
        tests = inference.run_tests(workspace.rules, workspace.tests, engine=engine, thresholds=given.thresholds)
        past, near = kept_past(root, judged.pack, judged.given, metrics=workspace.metrics, as_of=moment)
        plans |= _plan(root / ".riskreg/plans-of-findings", workspace, finding_losses(findings), moment, watch)

        # Everything that a file can get wrong comes before the register is touched.
        watch("write", 0.0)
        rendered = _render(workspace, situations(workspace.playbooks, findings, plans, moment), moment)
        rehearsed = _plan(root / ".riskreg/plans-of-drills", workspace, {d.id: d.lose for d in workspace.drills}, moment, watch)
        exercises = [make_drill(workspace, order, rehearsed[order.id], moment) for order in workspace.drills]

        watch("record", 0.0)
        with open_register(root, workspace) as register:
            changes = register.apply(findings, settings=settings, as_of=moment, titles=lambda finding: risk_title(network, finding))
            risks, history = register.risks(), register.events()
        content = Content(
            workspace=workspace,
            as_of=moment,
            signals=signals,
            findings=findings,
            asides=decided.asides,
            risks=risks,
            history=history,
            plans=plans,
            playbooks=rendered,
            drills=tuple(drill for drill, _ in exercises),
            packs={name: text for _, packs in exercises for name, text in packs.items()},
            tests=tests,
            backtest=past,
            near=near,
            engine=decided.engine,
            register_hash=changes.head,
        )

        watch("publish", 0.0)
        published = _publish(root, content, watch) if build else None
    return Report(content, changes, published, in_order((*warnings, *decided.faults)))


def ask(workspace: Workspace, losses: Sequence[Loss], *, as_of: datetime, onset: datetime | None = None) -> FailoverPlan:
    """The failover plan for losses that begin together at `onset` (default: the half hour of `as_of`).

    Raises:
        FaultError: a loss names something that the network does not have.
    """
    network = workspace.network
    faults = [_unknown(workspace, loss.ref) for loss in losses if not network.has(loss.ref)]
    if faults:
        raise FaultError(faults)
    disruption = Disruption(losses=tuple(sorted(losses, key=lambda x: x.ref)), onset=onset_of(onset or as_of))
    return make_plan(network, disruption, as_of=as_of, evidence_expires=workspace.settings.evidence_expires)


def make_drill(workspace: Workspace, order: DrillOrder, plan: FailoverPlan, as_of: datetime) -> tuple[Drill, dict[str, str]]:
    """A drill and its packs, from the plan for what it loses."""
    drill = drills.make(plan, order=order, network=workspace.network, roles=workspace.roles, as_of=as_of)
    packs = drills.packs(drill, plan=plan, network=workspace.network, roles=workspace.roles, settings=workspace.settings)
    return drill, packs


def new_drill(
    root: Path, workspace: Workspace, losses: Sequence[Loss], *, as_of: datetime, minutes: int, ident: str | None, title: str | None
) -> tuple[Drill, tuple[Path, ...]]:
    """Writes `drills/<id>.yaml`, which every later run reads, and both packs under `drills/packs`; returns drill and files."""
    names = [workspace.network.name_of(loss.ref) for loss in losses]
    order = DrillOrder(
        id=ident or "-".join(loss.ref.replace(":", "-") for loss in losses)[:64].rstrip("-."),
        title=title or f"{' and '.join(names)} lost",
        lose=tuple(losses),
        minutes=minutes,
    )
    drill, packs = make_drill(workspace, order, ask(workspace, losses, as_of=as_of), as_of)
    path = root / "drills" / f"{order.id}.yaml"
    text = yaml.safe_dump(order.model_dump(mode="json", by_alias=True, exclude_defaults=True), sort_keys=False, allow_unicode=True)
    if path.exists() and path.read_text() != text:
        message = f"there is already a drill '{order.id}', and it is another one"
        raise FaultError(
            [
                Fault(
                    code="drill-exists",
                    message=message,
                    hint="give yours a name: --id NAME",
                    span=Span(path=f"drills/{order.id}.yaml"),
                )
            ]
        )
    files = {path: text}
    files |= {root / "drills" / "packs" / f"{name}.md": pack for name, pack in sorted(packs.items())}
    with write_lock(root):
        for path, content in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, content.encode())
    return drill, tuple(files)


def _later(workspace: Workspace, moment: datetime) -> tuple[Fault, ...]:
    """A warning where readings lie after the moment judged; forecasts may."""
    forecasts = {metric.detector.forecast for metric in workspace.metrics if isinstance(metric.detector, ForecastMiss)}
    later = workspace.readings.filter((pl.col("at") > moment) & ~pl.col("metric").is_in(sorted(forecasts)))
    if not later.height:
        return ()
    first = later["id"].sort()[0]
    many = "1 reading is" if later.height == 1 else f"{later.height:,} readings are"
    message = f"{many} later than the moment judged, {moment:%Y-%m-%d %H:%M %Z}, and not counted; one of them is {first}"
    hint = "Correct the dates, or judge a later moment with --as-of."
    return (Fault(code="later-readings", message=message, hint=hint, span=Span(path="readings"), severity="warning"),)


def _overdue(given: Given) -> tuple[Fault, ...]:
    """One warning for all readings that are overdue, with the one that is longest so."""
    late = [item.fact for item in given.facts.of_kind(OVERDUE)]
    if not late:
        return ()
    worst = max(late, key=lambda fact: (fact["days_late"], fact["id"]))
    place = ", ".join(f"{name} {worst[name]}" for name in ("function", "site", "vendor") if name in worst)
    many = "the readings of 1 series are" if len(late) == 1 else f"the readings of {len(late):,} series are"
    message = f"{many} overdue, longest {worst['metric']}{f' of {place}' if place else ''}, due {worst['due']}"
    hint = "Ask who reports them; until they come, rules cannot see what they would say."
    return (Fault(code="missing-data", message=message, hint=hint, span=Span(path="readings"), severity="warning"),)


def _plan(keep: Path, workspace: Workspace, losses: Losses, moment: datetime, watch: Watch) -> dict[str, FailoverPlan]:
    return make_plans(
        workspace.network,
        losses,
        as_of=moment,
        evidence_expires=workspace.settings.evidence_expires,
        keep=keep,
        progress=lambda done: watch("plan", done),
    )


def _publish(root: Path, content: Content, watch: Watch) -> Published:
    try:
        return publish(content, root / ".riskreg" / "tree", root / "public", progress=lambda done: watch("publish", done))
    except FaultError as error:
        raise FaultError(error.faults, "the register was updated, and the old publication still stands") from error


def _render(workspace: Workspace, wanted: Sequence[Situation], as_of: datetime) -> tuple[RenderedPlaybook, ...]:
    template_of = {template.id: template for template in workspace.playbooks}
    network, roles, settings, pages = workspace.network, workspace.roles, workspace.settings, page_addresses(workspace)
    return (
        *(
            playbooks.general(template, network=network, roles=roles, settings=settings, as_of=as_of, pages=pages)
            for template in workspace.playbooks
        ),
        *(
            playbooks.render(
                template_of[each.playbook],
                each,
                network=network,
                roles=roles,
                settings=settings,
                metrics=workspace.metrics,
                pages=pages,
            )
            for each in wanted
        ),
    )


def _unknown(workspace: Workspace, ref: str) -> Fault:
    kind, _, ident = ref.partition(":")
    near = get_close_matches(ident, workspace.network.ids(kind), n=1, cutoff=0.5)
    return Fault(
        code="unknown-reference",
        message=f"the network has no {kind} '{ident}'",
        hint=f"did you mean {kind}:{near[0]}?" if near else f"known: {', '.join(workspace.network.ids(kind)) or 'none'}",
        example="--lose site:MNL",
        span=Span(path="network"),
    )
