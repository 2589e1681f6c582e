"""`riskreg risk`: the register on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import click

from riskreg.cli.say import by_option, emit, format_option, now, speaking_faults, table, workspace_option
from riskreg.model.content import Workspace
from riskreg.model.faults import Fault, FaultError, Span
from riskreg.model.risk import Risk, Score
from riskreg.model.rule import Category
from riskreg.register import Conflict, Register


@click.group()
def risk() -> None:
    """The register: list, show, add, assess, note, close, reopen, history."""


@contextmanager
def _open(root: Path, form: str) -> Iterator[tuple[Register, Workspace]]:
    from riskreg.pipeline import open_register, open_workspace

    with speaking_faults(form):
        workspace, _ = open_workspace(root, readings=False)
        try:
            with open_register(root, workspace) as register:
                yield register, workspace
        except Conflict as conflict:
            hint = "nothing was changed; look at it again with `riskreg risk show`, then repeat the command"
            fault = Fault(code="changed-since", message=str(conflict), hint=hint, span=Span(path="register.db"))
            with speaking_faults(form):
                raise FaultError([fault]) from conflict


def _score(workspace: Workspace, score: Score | None) -> str:
    if score is None:
        return "not known"
    band = workspace.settings.matrix.band(score.likelihood, score.impact)
    return f"{band} {score.number} ({score.likelihood} x {score.impact})"


def _print(workspace: Workspace, risk: Risk, form: str) -> None:
    if form == "json":
        emit(risk)
        return
    click.secho(f"{risk.id} {risk.title}", bold=True)
    for name, value in (
        ("Score that stands", _score(workspace, risk.score)),
        ("Indicated by rules", _score(workspace, risk.indicated)),
        (
            "Assessed",
            f"{_score(workspace, risk.assessed.score)} by {risk.assessed.by}: {risk.assessed.reason}"
            if risk.assessed
            else "not yet",
        ),
        ("State", risk.state),
        ("Owner", risk.owner),
        ("Review due", f"{risk.review_due:%a %d %b %Y}"),
        ("Version", str(risk.version)),
    ):
        click.echo(f"  {name:<19} {value}")
    if risk.proposal:
        click.secho("  A later finding proposes another score than the owner's: assess it again.", fg="yellow")
    for finding in risk.findings:
        click.echo(f"  Because {finding.explain} [{finding.rule} v{finding.version}, {finding.at:%d %b %Y}]")


@risk.command("list")
@workspace_option
@format_option
@click.option("--all", "closed", is_flag=True, help="Closed risks too.")
def list_(root: Path, form: str, closed: bool) -> None:
    """All risks, worst first."""
    with _open(root, form) as (register, workspace):
        risks = register.risks(include_closed=closed)
        if form == "json":
            emit(list(risks))
        elif risks:
            table(
                ("Risk", "Score", "State", "Owner", "Title"),
                [(r.id, _score(workspace, r.score), r.state, r.owner, r.title + (" *" if r.proposal else "")) for r in risks],
            )
            if any(r.proposal for r in risks):
                click.echo("* a later finding proposes another score than the owner's")
        else:
            click.echo("No risks yet. Add the first with `riskreg risk add`, or let rules propose some: `riskreg run`.")


@risk.command()
@click.argument("ident", metavar="RISK")
@workspace_option
@format_option
def show(ident: str, root: Path, form: str) -> None:
    """One risk with its scores and its reasons."""
    with _open(root, form) as (register, workspace):
        _print(workspace, register.risk(ident), form)


@risk.command()
@click.argument("title")
@click.option("--category", type=click.Choice(get_args(Category)), required=True, help="What kind of risk.")
@click.option(
    "--scope", default="client", show_default=True, help="What it is about: site:ID, function:ID, vendor:ID, system:ID or client."
)
@click.option("--owner", required=True, help="The role that owns it.")
@click.option("--likelihood", type=click.IntRange(1, 5), help="1 to 5.")
@click.option("--impact", type=click.IntRange(1, 5), help="1 to 5.")
@click.option("--reason", required=True, help="Why it is in the register.")
@by_option
@workspace_option
@format_option
def add(
    title: str, category: Category, scope: str, owner: str, likelihood: int | None, impact: int | None,
    reason: str, actor: str, root: Path, form: str,
) -> None:  # fmt: skip
    """Add a risk that no rule has raised."""
    if (likelihood is None) != (impact is None):
        raise click.UsageError("give both --likelihood and --impact, or neither")
    with _open(root, form) as (register, workspace):
        _known(workspace, scope, owner)
        score = Score(likelihood=likelihood, impact=impact) if likelihood and impact else None
        added = register.add(
            category=category, scope=scope, title=title, owner=owner, score=score, reason=reason, actor=actor, at=now()
        )
        _print(workspace, added, form)


def _known(workspace: Workspace, scope: str, owner: str) -> None:
    if scope != "client" and not workspace.network.has(scope):
        raise click.UsageError(f"the network has no '{scope}'; write site:ID, function:ID, vendor:ID, system:ID or client")
    if owner not in {role.id for role in workspace.roles}:
        raise click.UsageError(f"there is no role '{owner}'; known: {', '.join(sorted(role.id for role in workspace.roles))}")


_based_on = click.option("--based-on", type=int, help="The version that you read; refused if somebody changed it since.")


@risk.command()
@click.argument("ident", metavar="RISK")
@click.option("--likelihood", type=click.IntRange(1, 5), required=True, help="1 to 5.")
@click.option("--impact", type=click.IntRange(1, 5), required=True, help="1 to 5.")
@click.option("--reason", required=True, help="Why you score it so.")
@_based_on
@by_option
@workspace_option
@format_option
def assess(ident: str, likelihood: int, impact: int, reason: str, based_on: int | None, actor: str, root: Path, form: str) -> None:
    """Give your own score; it stands until a later, materially different finding proposes otherwise."""
    with _open(root, form) as (register, workspace):
        version = register.risk(ident).version if based_on is None else based_on
        score = Score(likelihood=likelihood, impact=impact)
        _print(workspace, register.assess(ident, score=score, reason=reason, actor=actor, at=now(), based_on=version), form)


@risk.command()
@click.argument("ident", metavar="RISK")
@click.option("--reason", required=True, help="Why it is no longer a risk.")
@_based_on
@by_option
@workspace_option
@format_option
def close(ident: str, reason: str, based_on: int | None, actor: str, root: Path, form: str) -> None:
    """Close a risk; a new finding opens it again."""
    with _open(root, form) as (register, workspace):
        version = register.risk(ident).version if based_on is None else based_on
        _print(workspace, register.close(ident, reason=reason, actor=actor, at=now(), based_on=version), form)


@risk.command()
@click.argument("ident", metavar="RISK")
@click.option("--reason", required=True, help="Why it is a risk again.")
@_based_on
@by_option
@workspace_option
@format_option
def reopen(ident: str, reason: str, based_on: int | None, actor: str, root: Path, form: str) -> None:
    """Open a closed risk again; its score stands."""
    with _open(root, form) as (register, workspace):
        version = register.risk(ident).version if based_on is None else based_on
        _print(workspace, register.reopen(ident, reason=reason, actor=actor, at=now(), based_on=version), form)


@risk.command()
@click.argument("ident", metavar="RISK")
@click.argument("text")
@_based_on
@by_option
@workspace_option
@format_option
def note(ident: str, text: str, based_on: int | None, actor: str, root: Path, form: str) -> None:
    """Add a remark to a risk; earlier ones stay in its history."""
    with _open(root, form) as (register, workspace):
        version = register.risk(ident).version if based_on is None else based_on
        _print(workspace, register.note(ident, text=text, actor=actor, at=now(), based_on=version), form)


@risk.command()
@click.argument("ident", metavar="[RISK]", required=False)
@workspace_option
@format_option
def history(ident: str | None, root: Path, form: str) -> None:
    """Who changed what, when and why; of one risk, or of all."""
    from riskreg.pipeline.summary import event_as_text

    with _open(root, form) as (register, _):
        events = register.events(register.risk(ident).id if ident else None)
        if form == "json":
            emit(list(events))
        else:
            table(
                ("No.", "When", "Who", "What"), [(str(e.seq), f"{e.at:%Y-%m-%d %H:%M}", e.actor, event_as_text(e)) for e in events]
            )
