"""`riskreg run`: the main job, and a summary that a risk owner understands."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

import click

from riskreg.cli.say import (
    FOUND_FAULTS,
    as_of_option,
    emit,
    engine_option,
    format_option,
    now,
    progress,
    show_faults,
    speaking_faults,
    workspace_argument,
)

STAGES = (
    ("read", "reading files"),
    ("detect", "judging readings"),
    ("plan", "planning failover"),
    ("decide", "applying rules"),
    ("write", "writing playbooks"),
    ("record", "updating the register"),
    ("publish", "building the site"),
)


@click.command()
@workspace_argument
@as_of_option
@format_option
@engine_option
@click.option("--build/--no-build", default=True, help="Build the site, or leave the publication as it is.")
def run(root: Path, as_of: datetime | None, form: str, engine: Literal["both", "durable", "reference"], build: bool) -> None:
    """Read, judge, decide, record, plan and publish: the main job, once.

    Ends with 1 where a rule test fails or the engines disagree, although everything was written: what was found may be wrong.
    """
    from riskreg.model.faults import errors
    from riskreg.pipeline import run as walk
    from riskreg.pipeline import summary

    with speaking_faults(form):
        with progress(STAGES) as watch:
            report = walk(root, now=now(), as_of=as_of, engine=engine, build=build, watch=watch)
        if form == "json":
            emit(summary.as_data(report))
        else:
            click.echo(summary.as_text(report))
            show_faults(report.faults)
        failed = [f"{test.rule}: {test.name}" for test in report.content.tests if not test.passed]
        if failed:
            many = "a rule test fails" if len(failed) == 1 else f"{len(failed)} rule tests fail"
            click.echo(f"Everything was written, but {many}, first {failed[0]}; riskreg rules test says why.", err=True)
        if failed or errors(report.faults):
            raise SystemExit(FOUND_FAULTS)
