"""A new rule from a few answers: a file that explains itself, and two tests beside it that really pass."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskreg.model.fact import STANDING
from riskreg.model.faults import Fault, FaultError, Span, errors
from riskreg.model.signal import SIGNALS
from riskreg.workspace.codes import fault
from riskreg.workspace.sources import PASSED_OVER
from riskreg.workspace.storage import write_atomic, write_lock

if TYPE_CHECKING:
    from riskreg.model.rule import Rule

PLACES = ("site", "function", "vendor", "system", "pool", "client")
"""What a finding can be about, in the order in which it is offered."""
_OF_SIGNALS = frozenset({"site", "function", "vendor", "client"})
_SAMPLE = {"site": "MNL", "function": "ORD-EN", "vendor": "altura", "system": "telephony", "pool": "MNL-day", "client": "MER"}
_DAY = "2026-11-15T00:00:00Z"
_WEAK, _STRONG = 2, 3
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10))})
"""Names that no file has on Windows, with whatever ending."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody says about a rule that is to be. `looks` are names of signals and facts, `within` a duration such as 4w."""

    id: str
    title: str
    category: str
    severity: str
    owner: str
    looks: tuple[str, ...]
    join: tuple[str, ...] = ()
    within: str = "4w"
    likelihood: int = 3
    impact: str = "from-function-criticality"
    playbooks: tuple[str, ...] = ()
    sample: Mapping[str, str] = field(default_factory=dict)
    """Place field → an id of the workspace, so that the tests speak of places that people know."""


def common_places(looks: Iterable[str], concluded: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The place fields that every one of these signals and facts has. `concluded`: fact that rules conclude → its join fields."""
    found = set(PLACES)
    for name in looks:
        found &= _OF_SIGNALS if name in SIGNALS else set(STANDING[name]) if name in STANDING else set(concluded.get(name, ()))
    return tuple(name for name in PLACES if name in found)


def write_rule(root: Path, answers: Answers, others: Sequence[Rule]) -> tuple[Path, Path]:
    """Writes `rules/<id>.yaml` and `rules/<id>.test.yaml` under the write lock; both or none, and never over a file.

    `others` are the rules of the workspace. FaultError where the id or a file is taken, or where the rule would not be sound.
    """
    files = root / "rules" / f"{answers.id}.yaml", root / "rules" / f"{answers.id}.test.yaml"
    if wrong := _no_name(answers.id):
        hint = "Choose another id: the file is named after it."
        raise FaultError([fault("bad-id", f"'{answers.id}' cannot be the id of a rule: {wrong}", Span(path="rules"), hint=hint)])
    rule, tests = rule_text(answers), tests_text(answers)
    with write_lock(root):
        faults = [_taken(file) for file in files if file.exists()]
        if answers.id.lower() in {other.id.lower() for other in others}:
            span = Span(path=f"rules/{answers.id}.yaml")
            hint = "Choose another id, or edit that rule."
            faults.append(fault("duplicate-id", f"there is a rule '{answers.id}' already", span, hint=hint))
        if faults:
            raise FaultError(faults)
        _prove(answers.id, rule, tests, others)
        write_atomic(files[1], tests.encode())
        try:
            write_atomic(files[0], rule.encode())
        except FaultError:
            files[1].unlink()
            raise
    return files


def rule_text(answers: Answers) -> str:
    """The YAML of the rule, with a comment where a newcomer needs one."""
    dated = [name for name in answers.looks if name in SIGNALS]
    one = len(answers.looks) == 1
    patterns = [_pattern(name, alias) for name, alias in zip(answers.looks, _aliases(answers.looks), strict=True)]
    when = [f"when: {patterns[0]}"] if one else ["when:", _said("  all:", "each of these must be there")]
    if not one:
        when += [f"    - {pattern}" for pattern in patterns]
    key = ", ".join(answers.join)
    lines = [
        "# A draft runs only in its tests: riskreg rules test " + answers.id,
        "# When it was reviewed, write status: test (to try it out) or stable, then: riskreg rules lock",
        f"id: {_text(answers.id)}",
        _said("version: 1", "a change of logic is a new version"),
        f"title: {_text(answers.title)}",
        "status: draft",
        _said(f"owner: {_text(answers.owner)}", "the role that answers for what it finds"),
        f"category: {answers.category}",
        _said(f"severity: {answers.severity}", "orders attention; the score is below, under raise"),
        "description: >-\n  Say here why this matters, for the people who read the rule's page.",
        *([_said("# strength is 1 (weak) to 5 (extreme); add conditions on other fields beside it", "")] if dated else []),
        *when,
        _said(f"join: [{key}]", f"one finding for each {' and '.join(answers.join)}") if key else "",
        _said(f"within: {answers.within}", "how far apart the facts may lie") if len(dated) > 1 else "",
        _said(f"keep_open_for: {answers.within}", "how long a finding stays open after it was last true") if dated else "",
        "then:",
        f"  raise: {{likelihood: {answers.likelihood}, impact: {answers.impact}}}",
        f"  playbooks: [{', '.join(map(_text, answers.playbooks))}]" if answers.playbooks else "",
        f"explain: {json.dumps(_explain(answers), ensure_ascii=False)}",
    ]
    return "\n".join(filter(None, lines)) + "\n"


def tests_text(answers: Answers) -> str:
    """The YAML of two tests: one that fires, and one that stays silent."""
    place = {name: (_SAMPLE | dict(answers.sample))[name] for name in PLACES}
    facts = [_given(name, answers, place, _STRONG) for name in answers.looks]
    first = answers.looks[0]
    weak = [_given(first, answers, place, _WEAK), *facts[1:]] if first in SIGNALS else facts[1:]
    why = "too weak" if first in SIGNALS else f"no {first.replace('_', ' ')}"
    fires = ", ".join([f"rule: {_text(answers.id)}", *(f"{name}: {_text(place[name])}" for name in answers.join)])
    return "\n".join(
        [
            "# Each test: the facts that are given, and the findings that are expected. As-of is the latest time given.",
            f"rule: {_text(answers.id)}",
            "tests:",
            "  - name: it fires",
            "    given:",
            *(f"      - {one}" for one in facts),
            f"    expect: [{{{fires}}}]",
            f"  - name: it stays silent, {why}",
            *(["    given:", *(f"      - {one}" for one in weak)] if weak else ["    given: []"]),
            "    expect: []",
            "",
        ]
    )


def _prove(ident: str, rule_yaml: str, test_yaml: str, others: Sequence[Rule]) -> None:
    """FaultError where the rule is not sound beside the others, or its two tests do not pass."""
    from riskreg.inference import check_rules, run_tests
    from riskreg.model.rule import Rule, RuleTests
    from riskreg.workspace.validate import validate
    from riskreg.workspace.yamlfile import parse

    nouns: list[Any] = []
    for model, text, name in ((Rule, rule_yaml, f"{ident}.yaml"), (RuleTests, test_yaml, f"{ident}.test.yaml")):
        node, faults = parse(text, f"rules/{name}")
        noun, wrong = validate(model, node, f"rules/{name}") if node else (None, [])
        if faults or wrong or noun is None:
            raise FaultError([*faults, *wrong])
        nouns.append(noun)
    rule, tests = nouns
    span = Span(path=f"rules/{ident}.yaml", line=1, col=1)
    if wrong := [one for one in errors(check_rules([*others, rule], {ident: span})) if one.span == span]:
        raise FaultError(wrong)
    for result in run_tests([*others, rule], {ident: tests.tests}):
        if not result.passed:
            message = f"the test '{result.name}' would not pass: expected {list(result.expected)}, got {list(result.got)}"
            hint = "Choose other signals or facts, or another join."
            raise FaultError([Fault(code="rule-test-fails", message=message, hint=hint, span=span)])


def _taken(file: Path) -> Fault:
    message = "this file is there already, and is not written over"
    return fault("cannot-write", message, Span(path=f"rules/{file.name}"), hint="Choose another id, or edit the file.")


def _no_name(ident: str) -> str:
    """Why no file of a rule can have this name, so that the rule would never be read; empty where it can."""
    if ident.lower().endswith(".test"):
        return "files that end in .test.yaml hold the tests of rules"
    if ident.lower().startswith(tuple(start.lower() for start in PASSED_OVER)):
        return "files that begin so are passed over"
    if ident.lower().partition(".")[0] in _DEVICES:
        return "Windows keeps this name for a device"
    return ""


def _aliases(looks: Sequence[str]) -> list[str]:
    """A short name for each pattern: the last word of its kind, numbered where it comes again."""
    words = [name.rpartition("_")[2] for name in looks]
    return [word if words.count(word) == 1 else f"{word}{words[:n].count(word) + 1}" for n, word in enumerate(words)]


def _pattern(name: str, alias: str) -> str:
    if name in SIGNALS:
        return f"{{as: {alias}, signal: {name}, where: {{strength: {{gte: {_STRONG}}}}}}}"
    return f"{{as: {alias}, fact: {name}}}"


def _given(name: str, answers: Answers, place: Mapping[str, str], strength: int) -> str:
    where = [f"{field}: {_text(place[field])}" for field in answers.join]
    if name in SIGNALS:
        return "{" + ", ".join([f"signal: {name}", f'at: "{_DAY}"', *where, f"strength: {strength}"]) + "}"
    return "{" + ", ".join([f"fact: {name}", *where]) + "}"


def _explain(answers: Answers) -> str:
    where = " ".join(f"{{{{ key.{name} }}}}" for name in answers.join)
    told = [
        f"{{{{ {alias} | measured }}}}" if name in SIGNALS else f"there is {name.replace('_', ' ')}"
        for name, alias in zip(answers.looks, _aliases(answers.looks), strict=True)
    ]
    return f"{where}: {', and '.join(told)}." if where else f"{', and '.join(told)}."


def _text(value: str) -> str:
    plain = _PLAIN.fullmatch(value) and value.lower() not in ("null", "true", "false")
    return value if plain else json.dumps(value, ensure_ascii=False)


def _said(line: str, comment: str) -> str:
    return f"{line:<40}# {comment}" if comment else line
