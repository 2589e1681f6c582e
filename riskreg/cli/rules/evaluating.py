"""`riskreg rules eval`: rules and facts in, findings out; no workspace needed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from riskreg.cli.rules.testing import Engine, installed
from riskreg.cli.say import FOUND_FAULTS, Moment, emit, engine_option, format_option, show_faults, speaking_faults, table

if TYPE_CHECKING:
    from riskreg.model.faults import Fault
    from riskreg.workspace import FactsRead


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
    from riskreg.inference.facts.columns import Facts
    from riskreg.inference.facts.pack import prepare
    from riskreg.inference.proving.ruletests import QUIET_DAY
    from riskreg.model.faults import errors, in_order
    from riskreg.workspace import read_folder, thresholds_of

    installed(engine)
    with speaking_faults(form):
        folder = read_folder(place)
        read = _facts(file)
        thresholds = thresholds_of(metrics) if metrics else {}
    facts = Facts.of(read.facts)
    read.locate(facts.faults)
    pack = prepare([rule for rule in folder.rules if rule.status != "draft"])
    unsound = [one.model_copy(update={"span": folder.spans.get(one.span.cell, one.span)}) for one in pack.faults]
    faults = [*in_order([*folder.faults, *unsound]), *read.faults]
    if errors(faults):
        _refuse(faults, read.more, form)
    moment = as_of or max((fact["at"] for fact in read.facts if fact.get("at")), default=QUIET_DAY)
    made = evaluate(pack, facts, as_of=moment, engine=engine, thresholds=thresholds)
    firings = sorted(made.firings, key=lambda one: (one.rule, sorted(one.key)))
    found = [{"rule": one.rule, "key": dict(one.key), "facts": list(one.facts)} for one in firings]
    if form == "json":
        emit(found)
    elif found:
        keys = [", ".join(f"{name} {value}" for name, value in one.key) for one in firings]
        rows = zip(firings, keys, strict=True)
        table(("Rule", "Key", "Facts"), [(one.rule, key or "-", ", ".join(map(_shown, one.facts))) for one, key in rows])
    else:
        click.echo(f"No rule fires: {len(pack.compiled)} rules on {len(read.facts)} facts as of {moment.isoformat()}.")
    told = [one.model_copy(update={"span": folder.spans.get(one.span.cell, one.span)}) for one in made.faults]
    show_faults([one for one in in_order(told) if one not in unsound])
    if errors(told):
        raise SystemExit(FOUND_FAULTS)


def _facts(file: str) -> FactsRead:
    from riskreg.workspace import read_facts, read_facts_of

    return read_facts(sys.stdin.buffer, "stdin") if file == "-" else read_facts_of(Path(file))


def _refuse(faults: Sequence[Fault], more: int, form: str) -> NoReturn:
    if form == "json":
        emit({"faults": [one.model_dump(mode="json") for one in faults], "more": more})
    else:
        show_faults(faults, more)
        count = len(faults) + more
        click.echo(f"{count} {'fault' if count == 1 else 'faults'}; mend them and ask again. Nothing was judged.", err=True)
    raise SystemExit(FOUND_FAULTS)


def _shown(ident: str) -> str:
    # A terminal obeys what it is sent.
    return "".join(char if char.isprintable() else "\ufffd" for char in ident)
