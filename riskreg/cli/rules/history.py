"""`riskreg rules backtest` and `riskreg rules diff`: rules on the days that were, and beside the rules that they replace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from riskreg.cli.say import FOUND_FAULTS, as_of_option, emit, format_option, now, progress, speaking_faults, workspace_option

if TYPE_CHECKING:
    from riskreg.model.backtest import Backtest, Episode, Period, RuleHistory
    from riskreg.model.content import Workspace
    from riskreg.model.rule import Rule
    from riskreg.pipeline.facts import Given
    from riskreg.pipeline.rulediff import RuleDiff

_STAGES = (("read", "reading files"), ("judge", "judging the history"))
_SIGNS = {"added": "+", "removed": "−", "changed": "~", "appears": "+", "vanishes": "−", "changes": "~"}
_VERDICT = {"expected": "expected", "false-alarm": "false alarm", "unlabelled": "not labelled"}
_RISK = {
    "raised": "would be raised",
    "not-raised": "would not be raised",
    "updated": "would be updated",
    "eased": "would ease",
    "re-scored": "would have another score",
}


class _Step(click.ParamType[timedelta]):
    """A length of time such as 1w or 12h."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        from riskreg.model.times import parse_duration

        try:
            seconds = parse_duration(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if not seconds:
            self.fail("a step is longer than nothing: 1d", param, ctx)
        return timedelta(seconds=seconds)


@click.command()
@workspace_option
@as_of_option
@click.argument("only", metavar="[RULE]...", nargs=-1)
@click.option("--weeks", type=click.IntRange(1, 520), default=52, show_default=True, help="How many weeks to look back.")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="First day, instead of --weeks.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="Last day; default: the moment judged.")
@click.option("--step", type=_Step(), default="1w", show_default=True, help="How far apart the judged moments are.")
@click.option("--rules", "folder", type=click.Path(path_type=Path, exists=True), help="Judge the rules of this folder instead.")
@format_option
def backtest(
    root: Path,
    as_of: datetime | None,
    only: tuple[str, ...],
    weeks: int,
    first: datetime | None,
    last: datetime | None,
    step: timedelta,
    folder: Path | None,
    form: str,
) -> None:
    """How often rules would have fired on the readings that there are, and where labelled periods say that they were wrong.

    With one RULE, its episodes too. Drafts are judged only where they are named.
    """
    from riskreg.pipeline import open_workspace
    from riskreg.pipeline.backtest import backtest as judge
    from riskreg.pipeline.earlier import rules_at
    from riskreg.pipeline.facts import gather

    with speaking_faults(form), progress(_STAGES) as watch:
        workspace, _ = open_workspace(root)
        rules = rules_at(str(folder), root, on_shipped=False) if folder else workspace.rules
        _known(only, rules)
        # Who names a draft wants to know what it would do.
        rules = tuple(
            one.model_copy(update={"status": "test"}) if one.id in only and one.status == "draft" else one for one in rules
        )
        moment = as_of or workspace.settings.as_of or now()
        try:
            moments = _moments(moment, weeks, first, last, step)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        given = gather(root, workspace, as_of=moment)
        made = judge(rules, given.facts, metrics=workspace.metrics, moments=moments, progress=lambda done: watch("judge", done))
    made = made.model_copy(update={"rules": tuple(one for one in made.rules if not only or one.rule in only)})
    if form == "json":
        emit(_as_data(made))
        return
    for line in _told(made, given.names, episodes=len(only) == 1):
        click.echo(line)


def _moments(moment: datetime, weeks: int, first: datetime | None, last: datetime | None, step: timedelta) -> tuple[datetime, ...]:
    """The steps to judge: the last weeks, or whole days from the first to the last, and nothing after the moment judged."""
    from riskreg.pipeline.backtest import steps

    end = min(moment, last.replace(tzinfo=UTC) + timedelta(days=1)) if last else moment
    return steps(end, end - first.replace(tzinfo=UTC) if first else timedelta(weeks=weeks), step)


def _known(only: Sequence[str], rules: Sequence[Rule]) -> None:
    if unknown := sorted(set(only) - {rule.id for rule in rules}):
        from difflib import get_close_matches

        near = get_close_matches(unknown[0], [rule.id for rule in rules], n=1)
        hint = f"did you mean {near[0]}?" if near else "`riskreg rules list` shows them all"
        raise click.UsageError(f"there is no rule '{unknown[0]}'; {hint}")


def _as_data(made: Backtest) -> dict[str, object]:
    """The history with what its rules add up to."""
    rules = [
        one.model_dump(mode="json")
        | {
            "fired": one.fired, "places": one.places, "open_share": round(one.open_share, 4), "false_alarms": len(one.false_alarms),
            "judged": one.judged,
            "found": one.found, "found_after": one.found_after, "precision": one.precision, "recall": one.recall,
            "per_year": {str(year): amount for year, amount in one.per_year.items()},
        }
        for one in made.rules
    ]  # fmt: skip
    return {"moments": [moment.isoformat() for moment in made.moments], "rules": rules}


def _told(made: Backtest, names: Mapping[str, str], *, episodes: bool) -> Iterator[str]:
    begin, end = made.moments[0], made.moments[-1]
    yield f"{_count(len(made.moments), 'step')} from {begin:%Y-%m-%d} to {end:%Y-%m-%d}, each with the readings known by then."
    yield "The network is taken as it is today; overdue readings play no part."
    width = max((len(one.rule) for one in made.rules), default=0)
    for one in made.rules:
        yield f"  {one.rule.ljust(width)}  {_line(one)}"
    if episodes and made.rules:
        yield from _episodes(made, made.rules[0], names)


def _line(one: RuleHistory) -> str:
    """`fired 3 times, at 2 places, open 27 % of the time; 1 false alarm of 3, missed 0 of 2 labels`"""
    if one.standing:
        return "looks at the network as it is today, which has no history"
    if not one.episodes:
        said = "did not fire"
    else:
        often = "once" if one.fired == 1 else f"{one.fired} times"
        said = f"fired {often}, at {_count(one.places, 'place')}, open {one.open_share:.0%} of the time".replace("%", " %")
    parts = [said]
    if one.fired:
        right, false, rest = one.judged - len(one.false_alarms), len(one.false_alarms), one.fired - one.judged
        verdicts = ((right, "expected"), (false, _count(false, "false alarm").partition(" ")[2]), (rest, "not labelled"))
        parts.append(", ".join(f"{amount} {word}" for amount, word in verdicts if amount))
    if one.recall is not None:
        parts.append(f"missed {len(one.missed)} of {_count(one.found + len(one.missed), 'label')}")
    if one.excused:
        parts.append(f"{_count(len(one.excused), 'label')} left out on purpose")
    if one.found_after is not None:
        parts.append(f"found after {_days(one.found_after)}{' (median)' if one.found > 1 else ''}")
    return "; ".join(parts)


def _days(amount: float) -> str:
    return f"{amount:g} day{'' if amount == 1 else 's'}"


def _episodes(made: Backtest, one: RuleHistory, names: Mapping[str, str]) -> Iterator[str]:
    """A strip of steps for each place, its episodes, and what was missed."""
    places: dict[str, list[Episode]] = {}
    for episode in one.episodes:
        places.setdefault(_where(episode.key, names), []).append(episode)
    width = max((len(name) for name in places), default=0)
    for name, found in sorted(places.items()):
        yield ""
        yield f"  {name.ljust(width)}  {_strip(made.moments, found)}"
        for episode in found:
            label = f": {episode.label}" if episode.label else ""
            until = "still open" if episode.last == made.moments[-1] else f"to {episode.last:%Y-%m-%d}"
            size = f"{_count(episode.steps, 'step')}, {_count(len(episode.facts), 'fact')}"
            yield f"    {episode.first:%Y-%m-%d} {until}, {size}; {_VERDICT[episode.verdict]}{label}"
    years = ", ".join(f"{amount} in {year}" for year, amount in one.per_year.items())
    if years:
        yield f"\n  Began: {years}."
    for period in one.finds:
        yield f"  Found after {_days(period.after or 0)}: {_period(period, names)}"
    for period in one.missed:
        yield f"  Missed: {_period(period, names)}"
    for period in one.excused:
        yield f"  Left out on purpose: {_period(period, names)}: {period.left_out}"


def _period(period: Period, names: Mapping[str, str]) -> str:
    measure = names.get(f"metric:{period.metric}", period.metric)
    return f"{period.title}, {_where(period.place, names)}, {period.start} to {period.end} ({measure})"


def _strip(moments: Sequence[datetime], episodes: Sequence[Episode]) -> str:
    return "".join("●" if any(e.first <= moment <= e.last for e in episodes) else "·" for moment in moments)


def _where(key: dict[str, str], names: Mapping[str, str]) -> str:
    return ", ".join(names.get(f"{field}:{value}", value) for field, value in sorted(key.items())) or "everywhere"


def _count(amount: int, noun: str) -> str:
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


@click.command()
@click.argument("before")
@workspace_option
@as_of_option
@click.option("--backtest", "history", is_flag=True, help="Compare the last 52 weeks too.")
@click.option("--exit-code", "exits", is_flag=True, help="Exit with 1 where findings or risks differ.")
@format_option
def diff(before: str, root: Path, as_of: datetime | None, history: bool, exits: bool, form: str) -> None:
    """What the rules change, compared with BEFORE: findings, risks, and who would be told. Nothing is written.

    BEFORE is a folder of rule files, another workspace, or git:REV, the rules at a revision of the repository that holds the
    workspace: git:main, git:HEAD~1.
    """
    from riskreg.pipeline import open_workspace
    from riskreg.pipeline.backtest import backtest as run_history
    from riskreg.pipeline.backtest import weekly
    from riskreg.pipeline.earlier import rules_at
    from riskreg.pipeline.facts import gather
    from riskreg.pipeline.opening import known_risks
    from riskreg.pipeline.rulediff import rulediff

    with speaking_faults(form), progress(_STAGES) as watch:
        workspace, _ = open_workspace(root)
        earlier = rules_at(before, root, on_shipped=workspace.settings.shipped_rules)
        moment = as_of or workspace.settings.as_of or now()
        given = gather(root, workspace, as_of=moment)
        judge = _judge(workspace, given, run_history, weekly(moment), watch) if history else None
        made = rulediff(
            earlier,
            workspace.rules,
            workspace=workspace,
            given=given,
            risks=known_risks(root, workspace),
            as_of=moment,
            judge=judge,
        )
    if form == "json":
        emit(made.model_dump(mode="json") | {"matters": made.matters})
    else:
        for line in _differences(made, given.names, history=history):
            click.echo(line)
    if exits and made.matters:
        raise SystemExit(FOUND_FAULTS)


def _judge(
    workspace: Workspace,
    given: Given,
    run: Callable[..., Backtest],
    moments: Sequence[datetime],
    watch: Callable[[str, float], None],
) -> Callable[[Sequence[Rule]], Backtest]:
    return lambda rules: run(
        rules, given.facts, metrics=workspace.metrics, moments=moments, progress=lambda done: watch("judge", done)
    )


def _differences(made: RuleDiff, names: Mapping[str, str], *, history: bool) -> Iterator[str]:
    if not made.rules:
        yield "The rules are the same."
        return
    yield f"{_count(len(made.rules), 'rule')} {'differs' if len(made.rules) == 1 else 'differ'}:"
    for rule in made.rules:
        what = _what(rule.kind, rule.fields, logic=rule.logic)
        yield f"  {_SIGNS[rule.kind]} {rule.rule}{what}{_versions(rule.before, rule.after)}"
        if rule.must_be_raised:
            yield "      what it decides changed under an old version: raise `version`"
    yield _heading(len(made.findings), "finding")
    for finding in made.findings:
        weight = f"{finding.before} → {finding.after}" if finding.kind == "changes" else finding.after or finding.before
        yield f"  {_SIGNS[finding.kind]} {finding.rule}, {_where(finding.key, names)}: {weight}"
        yield f"      {finding.explain}"
    yield _heading(len(made.risks), "risk")
    for risk in made.risks:
        number = f"{risk.risk} " if risk.risk else ""
        score = f" ({risk.before or 'no score'} → {risk.after or 'no score'})" if risk.before != risk.after else ""
        told = f"; told: {', '.join((risk.owner, *risk.told))}" if risk.kind != "not-raised" else ""
        yield f"  {number}{risk.title}: {_RISK[risk.kind]}{score}{told}"
    if history:
        yield _heading(len(made.history), "history of a rule", "histories of rules")
        for one in made.history:
            false = f"; false alarms {one.false_before} → {one.false_after}" if one.false_before != one.false_after else ""
            yield f"  {one.rule}: fired {_often(one.before)} → {_often(one.after)} in 52 weeks{false}"


def _heading(amount: int, noun: str, many: str = "") -> str:
    nouns = noun if amount == 1 else many or f"{noun}s"
    verb = "differs" if amount == 1 else "differ"
    return f"{amount or 'No'} {nouns} {verb}{':' if amount else '.'}"


def _what(kind: str, fields: Sequence[str], *, logic: bool) -> str:
    if kind != "changed":
        return f": {kind}"
    return f": {'what it decides' if logic else 'words only'} ({', '.join(fields)})"


def _versions(before: int | None, after: int | None) -> str:
    if before is None or after is None:
        return f", version {before or after}"
    return f", version {before}" + (f" → {after}" if before != after else "")


def _often(amount: int | None) -> str:
    return "not there" if amount is None else "once" if amount == 1 else f"{amount} times"
