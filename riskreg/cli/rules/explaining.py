"""`riskreg rules explain`: why a rule fired, or what came nearest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from riskreg.cli.rules.files import judged_files
from riskreg.cli.say import as_of_option, emit, format_option, now, show_faults, speaking_faults, workspace_option

if TYPE_CHECKING:
    from riskreg.inference.evaluation import Evaluation
    from riskreg.inference.nearmiss.nearest import Miss
    from riskreg.model.finding import Step
    from riskreg.model.rule import Rule
    from riskreg.pipeline.facts import Given


class Why(NamedTuple):
    """One key for which a rule fires, its sentence and its proof."""

    key: dict[str, str]
    explain: str
    reason: Step


@click.command()
@click.argument("ident", metavar="RULE")
@workspace_option
@click.option("--site", help="Only this site; short for --key site=ID.")
@click.option("--key", "keys", multiple=True, metavar="FIELD=VALUE", help="Only this value of a field that the rule joins on.")
@as_of_option
@click.option("--facts", "file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Facts to judge, JSON Lines.")
@click.option("--rules", "place", type=click.Path(path_type=Path, exists=True), help="Rules to judge them by, with --facts.")
@click.option(
    "--metrics", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of metrics whose thresholds the rules name, with --facts.",
)  # fmt: skip
@format_option
def explain(
    ident: str, root: Path, site: str | None, keys: tuple[str, ...], as_of: datetime | None, file: Path | None,
    place: Path | None, metrics: Path | None, form: str,
) -> None:  # fmt: skip
    """Why RULE fires: each key as a tree of what is true. Where it does not fire, what came nearest, and by how much it missed.

    Judges what the next run of the workspace would judge, and changes nothing; with --facts and --rules, what is in these files.
    Drafts are explained too.
    """
    if (file is None) != (place is None):
        raise click.UsageError("--facts and --rules go together")
    with speaking_faults(form):
        rules, given, moment = _of_files(file, place, metrics, as_of) if file and place else _of_workspace(root, as_of)
    rule = next((one for one in rules if one.id == ident), None)
    if rule is None:
        from difflib import get_close_matches

        near = get_close_matches(ident, [one.id for one in rules], n=1)
        raise click.UsageError(f"there is no rule '{ident}'" + (f"; did you mean {near[0]}?" if near else ""))
    key = _asked(rule, (*keys, *([f"site={site}"] if site is not None else [])))
    _there(key, given)
    with speaking_faults(form):
        fires, nearest = _explained(rule, rules, given, moment, key)
    if form == "json":
        emit({"rule": ident, "as_of": moment.isoformat(), "fires": [one._asdict() for one in fires], "nearest": nearest})
        return
    for line in _lines(rule, fires, nearest, moment):
        click.echo(line)


def _of_workspace(root: Path, as_of: datetime | None) -> tuple[Sequence[Rule], Given, datetime]:
    from riskreg.pipeline import open_workspace
    from riskreg.pipeline.facts import gather

    workspace, _ = open_workspace(root)
    moment = as_of or workspace.settings.as_of or now()
    return workspace.rules, gather(root, workspace, as_of=moment), moment


def _of_files(file: Path, place: Path, metrics: Path | None, as_of: datetime | None) -> tuple[Sequence[Rule], Given, datetime]:
    from riskreg.model.faults import FaultError, errors
    from riskreg.pipeline.facts import Given

    asked = judged_files(place, str(file), metrics, as_of)
    if errors(asked.faults):
        raise FaultError(asked.faults)
    show_faults(asked.faults)
    return asked.rules, Given(asked.facts, asked.thresholds, {}), asked.as_of


def _asked(rule: Rule, pairs: Sequence[str]) -> dict[str, str]:
    """`site=MNL` … → the join values that are asked for."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not value:
            raise click.UsageError(f"'{pair}' is not a key; write --key site=MNL")
        if name not in rule.join:
            joins = " and ".join(rule.join) or "nothing: it has one finding for all"
            raise click.UsageError(f"the rule {rule.id} does not join on {name}; it joins on {joins}")
        found[name] = value
    return found


def _there(key: Mapping[str, str], given: Given) -> None:
    """Refuses a value that neither the network nor a fact has."""
    from difflib import get_close_matches

    for name, asked in key.items():
        called = {ref.partition(":")[2]: said for ref, said in given.names.items() if ref.startswith(f"{name}:")}
        known = sorted(called.keys() | {value for item in given.facts.every() if isinstance(value := item.fact.get(name), str)})
        if asked in known or not known:
            continue
        by_name = {said.lower(): ident for ident, said in called.items()}
        ids = {ident.lower(): ident for ident in known} | by_name
        near = [ids[one] for one in get_close_matches(asked.lower(), ids, n=1)]
        hint = f"; did you mean {near[0]}{f' ({called[near[0]]})' if near[0] in called else ''}?" if near else ""
        some = f"; there are {', '.join(known[:12])}{' and more' if len(known) > 12 else ''}" if not hint else ""
        raise click.UsageError(f"there is no {name} '{asked}'{hint}{some}")


def _explained(
    rule: Rule, rules: Sequence[Rule], given: Given, moment: datetime, key: Mapping[str, str]
) -> tuple[list[Why], Miss | None]:
    """The keys for which a rule fires, and where there is none the nearest miss."""
    from riskreg.inference.evaluation import evaluate
    from riskreg.inference.facts.pack import prepare
    from riskreg.inference.nearmiss.nearest import near_miss
    from riskreg.model.faults import FaultError, errors

    pack = prepare([one for one in rules if one.status != "draft" or one.id == rule.id])
    made = evaluate(pack, given.facts, as_of=moment, engine="reference", thresholds=given.thresholds)
    wrong = [fault for fault in errors(made.faults) if fault.span.cell == rule.id]
    if rule.id not in pack.compiled or wrong:
        raise FaultError(wrong)
    fires = list(_proofs(rule, made, given, key))
    if fires:
        return fires, None
    items = made.items.values()
    return [], near_miss(pack, items, rule.id, key=key, as_of=moment, names=given.names, thresholds=given.thresholds)


def _proofs(rule: Rule, made: Evaluation, given: Given, key: Mapping[str, str]) -> Iterator[Why]:
    from riskreg.inference.language.meaning import speak
    from riskreg.inference.words.explain import ExplainError, render
    from riskreg.inference.words.reason import reason
    from riskreg.inference.words.wording import spoken

    names = spoken(given.names)
    for firing in made.firings:
        if firing.rule != rule.id or not key.items() <= dict(firing.key).items():
            continue
        told = {fact: made.items[fact].told(names) for fact in firing.facts}
        try:
            text = render(rule, firing, told, speak(dict(firing.key), names))
        except ExplainError as error:
            text = f"{rule.title} (its explain text failed: {error})"
        proof = reason(made.given[rule.id], firing, made.items, names, given.thresholds)
        yield Why(dict(firing.key), text, proof)


def _lines(rule: Rule, fires: Sequence[Why], nearest: Miss | None, moment: datetime) -> Iterator[str]:
    from riskreg.inference.words.wording import day

    state = " It is a draft and decides nothing yet." if rule.status == "draft" else ""
    if nearest is None:
        yield click.style(f"{rule.id} fires {_times(len(fires))} as of {day(moment)}.{state}", bold=True)
        for one in fires:
            yield ""
            yield printable(one.explain)
            yield from _tree(one.reason, 1)
        return
    if nearest.failed:
        yield click.style(f"{rule.id} does not fire as of {day(moment)}.{state}", bold=True)
        yield f"{'Nearest' if nearest.known else 'Cannot be judged'}: {printable(nearest.text)}."
    else:
        yield click.style(f"{rule.id} as of {day(moment)}: {nearest.text}.{state}", bold=True)
    yield ""
    yield from _tree(nearest.tree, 0)


def _times(number: int) -> str:
    return "once" if number == 1 else f"for {number} keys"


def _tree(step: Step, depth: int) -> Iterator[str]:
    """One line a step; the sign is a word, so that it can be read without colours."""
    if step.kind == "missing" and not step.holds:
        sign = click.style("?  ", fg="yellow")
    else:
        sign = click.style("yes", fg="green") if step.holds else click.style("no ", fg="red")
    yield f"{'  ' * depth}{sign}  {printable(step.text)}"
    for part in step.below:
        yield from _tree(part, depth + 1)


def printable(text: str) -> str:
    """Facts come from elsewhere, and a terminal obeys what it is sent."""
    return "".join(char if char.isprintable() or char == "\u00a0" else "\ufffd" for char in text)
