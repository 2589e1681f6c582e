"""`riskreg rules new`: a rule and its tests from a few questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

import click

from riskreg.cli.say import IdType, emit, format_option, speaking_faults, workspace_option
from riskreg.model.rule import Category, Severity
from riskreg.model.times import parse_duration


class _Window(click.ParamType[str]):
    """A duration as files have it."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


@click.command()
@workspace_option
@click.option("--id", "ident", type=IdType(), help="The id of the rule; it is never changed or reused.")
@click.option("--title", help="What is wrong when it fires, in a few words.")
@click.option("--category", type=click.Choice(get_args(Category)), help="The risk that it speaks about.")
@click.option("--severity", type=click.Choice(get_args(Severity)), help="How much attention it wants.")
@click.option("--owner", type=IdType(), help="The role that answers for what it finds.")
@click.option("--look", "looks", multiple=True, help="A signal or fact that must be there; may be given several times.")
@click.option("--join", multiple=True, help="What the facts have in common, such as site; may be given several times.")
@click.option("--within", type=_Window(), help="How far apart the facts may lie, and how long a finding stays open, such as 4w.")
@click.option("--likelihood", type=click.IntRange(1, 5), help="The likelihood that it indicates.")
@click.option("--impact", type=click.IntRange(1, 5), help="The impact that it indicates; default: of the most critical function.")
@click.option("--playbook", "playbooks", multiple=True, help="A playbook that applies; may be given several times.")
@click.option("--yes", is_flag=True, help="Ask nothing: what is not given gets its default.")
@format_option
def new(root: Path, yes: bool, form: str, **given: Any) -> None:
    """Write a new rule and two tests, one that fires and one that stays silent; ask for what is not given.

    The rule begins as a draft. Nothing is written over, and nothing is written unless both tests pass.
    """
    from riskreg.inference.language.meaning import concluded
    from riskreg.model.fact import STANDING
    from riskreg.model.signal import SIGNALS
    from riskreg.pipeline import open_workspace
    from riskreg.workspace.newrule import PLACES, Answers, common_places, write_rule

    ask = _Asker(silent=yes, given=given)
    with speaking_faults(form):
        workspace, _ = open_workspace(root, readings=False)
        made = concluded(workspace.rules)
        title = ask.text("title", "What is wrong when it fires, in a few words")
        ident = ask.text("ident", "Id", default=_slug(title), option="id", kind=IdType())
        category = ask.one("category", "Which risk does it speak about", get_args(Category), "")
        severity = ask.one("severity", "How much attention does it want", get_args(Severity), "medium")
        looks = ask.several("looks", "What must be there (signals and facts)", [*SIGNALS, *STANDING, *sorted(made)], option="look")
        shared = common_places(looks, made)
        join = ask.several("join", "What have the facts in common", shared, shared[:1])
        roles = [role.id for role in workspace.roles]
        owner = ask.one("owner", "Which role answers for what it finds", roles, roles[0] if roles else "")
        answers = Answers(
            id=ident,
            title=title,
            category=category,
            severity=severity,
            owner=owner,
            looks=looks,
            join=join,
            within=ask.text("within", "How far apart may the facts lie, and how long is it open", default="4w", kind=_Window()),
            likelihood=int(ask.text("likelihood", "Likelihood, 1 to 5", default="3", kind=click.IntRange(1, 5))),
            impact=str(given["impact"] or "from-function-criticality"),
            playbooks=ask.several(
                "playbooks", "Which playbooks apply", [one.id for one in workspace.playbooks], (), option="playbook"
            ),
            sample={name: nouns[0].id for name in PLACES if (nouns := getattr(workspace.network, f"{name}s", ()))},
        )
        files = write_rule(root, answers, workspace.rules)
    if form == "json":
        emit({"rule": ident, "files": [file.as_posix() for file in files]})
    else:
        click.echo(f"Wrote {files[0]} and {files[1].name}; both tests pass. Next: edit them, then riskreg rules test {ident}")


class _Asker:
    """Takes an answer from the options, else asks; with --yes it takes the default, and says which option is needed where there
    is none."""

    def __init__(self, *, silent: bool, given: dict[str, Any]) -> None:
        self.silent, self.given = silent, given

    def text(
        self, name: str, question: str, *, default: str = "", option: str = "", kind: click.ParamType[Any] | None = None
    ) -> str:
        if self.given[name]:
            return str(self.given[name])
        if self.silent:
            return default or self._needed(option or name)
        return str(click.prompt(question, default=default or None, type=kind, err=True))

    def one(self, name: str, question: str, choices: Sequence[str], default: str) -> str:
        if self.given[name]:
            (found,) = _among([self.given[name]], choices or [self.given[name]], name)
            return found
        if self.silent or not choices:
            return default or self._needed(name)
        return str(click.prompt(question, default=default or None, type=click.Choice(choices), err=True))

    def several(
        self, name: str, question: str, choices: Sequence[str], default: Sequence[str] | None = None, *, option: str = ""
    ) -> tuple[str, ...]:
        """Several of the choices; without a default at least one."""
        if self.given[name]:
            return _among(self.given[name], choices, option or name)
        if self.silent or not choices:
            return tuple(default) if default is not None else (self._needed(option or name),)
        click.echo(f"{question}: {', '.join(choices)}", err=True)
        while True:
            said = str(click.prompt("  with commas between", default=",".join(default) if default is not None else None, err=True))
            names = [word.strip() for word in said.split(",") if word.strip()]
            try:
                if names or default is not None:
                    return _among(names, choices, option or name)
            except click.UsageError as error:
                click.echo(f"  {error.message}", err=True)

    def _needed(self, option: str) -> str:
        raise click.UsageError(f"--{option} is needed with --yes")


def _among(names: Iterable[str], choices: Sequence[str], option: str) -> tuple[str, ...]:
    from riskreg.workspace.codes import did_you_mean

    for name in names:
        if name not in choices:
            hint = did_you_mean(name, choices) or f"There are {', '.join(choices)}." if choices else "There are none here."
            raise click.UsageError(f"--{option}: there is no '{name}'. {hint}")
    return tuple(names)


def _slug(title: str) -> str:
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in title.lower()).split()
    return "-".join(words)[:64].strip("-")
