"""`riskreg rules eval`: rules and facts in, findings out; no workspace needed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from riskreg.cli.rules.files import judged_files
from riskreg.cli.rules.testing import Engine, installed
from riskreg.cli.say import (
    FOUND_FAULTS,
    Moment,
    emit,
    engine_option,
    format_option,
    many,
    printable,
    show_faults,
    speaking_faults,
    table,
)

if TYPE_CHECKING:
    from riskreg.inference.evaluation import Withheld
    from riskreg.model.faults import Fault


@click.command("eval")
@click.option(
    "--rules", "place", type=click.Path(path_type=Path, exists=True), required=True,
    help="A folder of rule files (its folder rules/ is read too), or one file. Tests are passed over.",
)  # fmt: skip
@click.option(
    "--facts", "file", type=click.Path(dir_okay=False), required=True, help="A file of JSON Lines, or - for what is piped in."
)
@click.option("--as-of", type=Moment(), help="The moment to judge; default: the latest time of a fact.")
@engine_option
@click.option(
    "--metrics", "--workspace", "metrics", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of metrics, or a workspace, whose thresholds the rules name.",
)  # fmt: skip
@format_option
def eval_(place: Path, file: str, as_of: datetime | None, engine: Engine, metrics: Path | None, form: str) -> None:
    """Evaluate rules on a file of facts: which rules fire, for which key, on which facts.

    Needs no workspace: signals, facts, roles and playbooks that rules name may be unknown. A line of FILE is one fact, such as
    {"id": "s1", "signal": "attrition_spike", "at": "2026-11-16T00:00:00Z", "site": "MNL", "strength": 4}; without "at" it always
    holds. Draft rules are not run, as everywhere but in their tests.

    Where a file has faults nothing is judged. Where the engines disagree, or a rule would have to look at too many combinations,
    the findings are printed all the same, the faults go to the error output, and the exit status is 1.
    """
    from riskreg.inference.evaluation import evaluate
    from riskreg.inference.facts.pack import prepare
    from riskreg.model.faults import errors, in_order

    installed(engine)
    with speaking_faults(form):
        asked = judged_files(place, file, metrics, as_of)
    pack = prepare([rule for rule in asked.rules if rule.status != "draft"])
    unsound = [one.model_copy(update={"span": asked.spans.get(one.span.cell, one.span)}) for one in pack.faults]
    faults = [*in_order(unsound), *asked.faults]
    if errors(faults):
        _refuse(faults, asked.more, form)
    made = evaluate(pack, asked.facts, as_of=asked.as_of, engine=engine, thresholds=asked.thresholds)
    firings = sorted(made.firings, key=lambda one: (one.rule, sorted(one.key)))
    found = [{"rule": one.rule, "key": dict(one.key), "facts": list(one.facts)} for one in firings]
    if form == "json":
        emit(found)
    elif found:
        rows = [(one.rule, _key(one.key) or "-", ", ".join(map(printable, one.facts))) for one in firings]
        table(("Rule", "Key", "Facts"), rows)
    else:
        counts = f"{many(len(pack.compiled), 'rule')} on {many(len(asked.facts), 'fact')}"
        click.echo(f"No rule fires: {counts} as of {asked.as_of.isoformat()}.")
    for kept in made.withheld:
        click.echo(_withheld(kept), err=form == "json")
    told = [one.model_copy(update={"span": asked.spans.get(one.span.cell, one.span)}) for one in made.faults]
    show_faults([*faults, *(one for one in in_order(told) if one not in unsound)])
    if errors(told):
        raise SystemExit(FOUND_FAULTS)


def _withheld(kept: Withheld) -> str:
    """What would be a finding, and why it is none."""
    rule = f"{kept.rule}, {_key(kept.key)}" if kept.key else kept.rule
    facts = ", ".join(map(printable, kept.facts))
    if kept.kind == "exception":
        return f"Left out by an exception: {rule} (on {facts})."
    return f"Not judged: {rule}, because readings are overdue ({facts})."


def _key(key: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {printable(value)}" for name, value in key)


def _refuse(faults: Sequence[Fault], more: int, form: str) -> NoReturn:
    if form == "json":
        emit({"faults": [one.model_dump(mode="json") for one in faults], "more": more})
    else:
        show_faults(faults, more)
        count = len(faults) + more
        click.echo(f"{count} {'fault' if count == 1 else 'faults'}; mend them and ask again. Nothing was judged.", err=True)
    raise SystemExit(FOUND_FAULTS)
