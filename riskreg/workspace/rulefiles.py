"""Rule files and the tests beside them, without the rest of a workspace: all of a folder, or the few that a question needs.

A workspace with a thousand rules answers a question about one of them by an index of its files, kept by the hash of what they
hold: which rules and tests stand where, and what connects them. Only the files in question are parsed, and only those are read
whose size or times are others than before.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from riskreg.inference.language.connections import Connection, Connections
from riskreg.model.faults import Fault, FaultError, Span, errors, in_order
from riskreg.resources import shipped
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.kept import Kept
from riskreg.workspace.sources import PASSED_OVER, Desk, Source, not_a_file, strange

if TYPE_CHECKING:
    from riskreg.inference.proving.lock import Lock
    from riskreg.model.metric import Threshold
    from riskreg.model.rule import Rule, RuleTest
    from riskreg.workspace.yamlfile import Node

M = TypeVar("M", bound=BaseModel)
SETTINGS = "riskreg.yaml"
TEST = ".test.yaml"
_SETTLED = 2_000_000_000
"""Nanoseconds after which one more change of a file shows in its times: no file system in use counts more coarsely."""


class Entry(NamedTuple):
    """What the index knows of a rule, or of a list of tests of one rule."""

    ident: str
    line: int
    col: int
    connection: Connection
    named: tuple[str, ...]
    """Rules whose findings the tests here compare."""
    limits: bool = False
    """Some condition is on a threshold by its name."""


class Indexed(NamedTuple):
    """A file: the hash of its bytes, and its rules or tests in file order."""

    source: Source
    stamp: list[int] | None
    """Size and times of a file that nobody has changed just now: as long as they are the same, so are its bytes."""
    sha256: str
    entries: tuple[Entry, ...]

    @property
    def tests(self) -> bool:
        return self.source.path.endswith(TEST)


@dataclass(frozen=True, slots=True)
class Read:
    """Rules with the tests of each and where each rule stands; `thresholds`: metric id → name → limit."""

    rules: tuple[Rule, ...]
    tests: Mapping[str, tuple[RuleTest, ...]]
    spans: Mapping[str, Span]
    thresholds: Mapping[str, Mapping[str, Threshold]]
    written: Mapping[str, tuple[tuple[str, Node], ...]]
    """Rule id → file and tree of each of its tests, in their order."""


class RuleFiles:
    """The rules of a workspace by their index. FaultError where a file cannot be read as rules, or two rules have one id."""

    def __init__(self, root: Path, *, fresh: bool = False) -> None:
        """`fresh`: every file is read, whatever was kept of it."""
        self.root = root
        if not (root / SETTINGS).is_file():
            hint = "Go to the folder that holds riskreg.yaml, or start one: riskreg init DIR."
            raise FaultError([fault("not-a-workspace", f"{root} holds no {SETTINGS}", Span(path=SETTINGS), hint=hint)])
        self._desk = Desk()
        self._kept = Kept(root, "rule-files", fresh=fresh)
        self._parsed: dict[str, _Parsed] = {}
        files = self._index(root, "")
        if self._wants_shipped():
            own = {entry.ident for file in files if not file.tests for entry in file.entries}
            below = self._index(shipped("rules").parent, "shipped/")
            files += [file._replace(entries=tuple(one for one in file.entries if one.ident not in own)) for file in below]
        self._files = files
        self.rules: dict[str, tuple[Indexed, Entry]] = {}
        self._collect()
        if errors(self._desk.faults):
            raise FaultError(in_order(self._desk.faults))
        self.connections = Connections({ident: entry.connection for ident, (_, entry) in self.rules.items()})

    def around(self, ident: str) -> tuple[str, ...]:
        """A rule, the rules that its tests name, and every rule that has a say in them; sorted."""
        named = {ident, *self.rules[ident][1].named}
        named.update(name for file, entry in self._tests_of(ident) for name in entry.named)
        return self.connections.around(named)

    def hashes(self, ident: str) -> list[tuple[str, str]]:
        """Path and hash of every file that the outcome of a rule's tests depends on; sorted."""
        around = self.around(ident)
        found = {file.source.path: file.sha256 for name in around for file in [self.rules[name][0]]}
        found |= {file.source.path: file.sha256 for file, _ in self._tests_of(ident)}
        if any(self.rules[name][1].limits for name in around):
            found |= {source.path: _digest(source) for source in self._metrics()}
        return sorted(found.items())

    def read(self, idents: Iterable[str] | None = None) -> Read:
        """The named rules and those around them, with the tests of the named ones; without names, all."""
        wanted = sorted(self.rules if idents is None else set(idents))
        asked = set(wanted)
        around = wanted if idents is None else sorted({name for ident in wanted for name in self.around(ident)})
        rules, tests, written, limits = [], {}, {}, False
        for ident in around:
            file, entry = self.rules[ident]
            rules.append(self._placed(file, entry)[1])
            limits |= entry.limits
            if ident in asked:
                found = [(one.source.path, *self._placed(one, place)) for one, place in ((file, entry), *self._tests_of(ident))]
                tests[ident] = tuple(test for _, _, noun in found for test in noun.tests)
                written[ident] = tuple((path, test) for path, node, _ in found for test in _tests_in(node))
        spans = {ident: self.span(ident) for ident in around}
        thresholds = read_thresholds(self._metrics(), self._desk) if limits else {}
        if errors(self._desk.faults):
            raise FaultError(in_order(self._desk.faults))
        return Read(tuple(rules), tests, spans, thresholds, written)

    @property
    def concluded(self) -> frozenset[str]:
        """Every fact that some rule concludes."""
        return frozenset(entry.connection.concludes for _, entry in self.rules.values() if entry.connection.concludes)

    def span(self, ident: str) -> Span:
        """Where a rule stands."""
        return _span(*self.rules[ident])

    def keep(self) -> None:
        """Writes the index for the next question, where the folder can be written."""
        index = {file.source.path: [file.stamp, file.sha256, *map(_packed, file.entries)] for file in self._files}
        self._kept.write(index | self._settings)

    def _index(self, root: Path, prefix: str) -> list[Indexed]:
        found = []
        # A file that was changed a moment ago may change again without another time, so it is read until it has settled.
        settled = time.time_ns() - _SETTLED
        for source in _yaml_files(root, "rules", prefix, self._desk):
            known = _known(self._kept.value.get(source.path))
            try:
                stamp = _stamp(source.file, settled)
                sha256 = known.sha256 if stamp and stamp == known.stamp else hashlib.sha256(source.file.read_bytes()).hexdigest()
            except OSError:
                self._desk.text(source)
                continue
            if sha256 == known.sha256:
                entries = known.entries
            else:
                entries = tuple(_entry(node, noun) for node, noun in self._parse(source).nouns)
            found.append(Indexed(source, stamp, sha256, entries))
        return found

    def _parse(self, source: Source) -> _Parsed:
        if source.path not in self._parsed:
            nouns = _nouns(source, self._desk)
            self._parsed[source.path] = _Parsed(nouns, {_place(node): (node, noun) for node, noun in nouns})
        return self._parsed[source.path]

    def _placed(self, file: Indexed, entry: Entry) -> tuple[Node, Any]:
        return self._parse(file.source).at[entry.line, entry.col]

    def _tests_of(self, ident: str) -> list[tuple[Indexed, Entry]]:
        return self._tests.get(ident, [])

    def _collect(self) -> None:
        """Rules by id, tests by rule; an id that is taken (letter case apart), and tests of nothing, are faults."""
        taken: dict[str, tuple[Indexed, Entry]] = {}
        self._tests: dict[str, list[tuple[Indexed, Entry]]] = {}
        for file in self._files:
            for entry in file.entries:
                if file.tests:
                    self._tests.setdefault(entry.ident, []).append((file, entry))
                elif (first := taken.setdefault(entry.ident.lower(), (file, entry)))[1] is not entry:
                    message = f"the id '{entry.ident}' of this rule is taken, first in {_span(*first)}"
                    hint = "Ids of one kind are unique, and differ in more than upper and lower case."
                    self._desk.add(fault("duplicate-id", message, _span(file, entry), hint=hint))
                else:
                    self.rules[entry.ident] = (file, entry)
        if errors(self._desk.faults):
            return  # a rule that could not be read may be the one that tests are for
        for ident in sorted(set(self._tests) - set(self.rules)):
            hint = did_you_mean(ident, self.rules) or "Correct the id, or remove the tests."
            message = f"no rule has the id '{ident}'"
            self._desk.add(fault("unknown-rule", message, _span(*self._tests[ident][0]), hint=hint))

    def _wants_shipped(self) -> bool:
        """`shipped_rules` of riskreg.yaml, looked up by its hash."""
        source = Source(SETTINGS, self.root / SETTINGS)
        sha256 = _digest(source)
        kept = self._kept.value.get(SETTINGS)
        if not (isinstance(kept, list) and len(kept) == 2 and kept[0] == sha256 and isinstance(kept[1], bool)):
            node = _tree(source, self._desk)
            choice = node.get("shipped_rules") if node is not None else None
            kept = [sha256, choice is None or choice.value is not False]
        self._settings = {SETTINGS: kept}
        return bool(kept[1])

    def _metrics(self) -> list[Source]:
        return list(_yaml_files(self.root, "metrics", "", self._desk))


@dataclass(frozen=True, slots=True)
class _Parsed:
    nouns: list[tuple[Node, Any]]
    at: Mapping[tuple[int, int], tuple[Node, Any]]
    """The same by line and column."""


@dataclass(slots=True)
class Folder:
    """Rules read from any folder or file, with what is wrong with the files."""

    rules: tuple[Rule, ...] = ()
    spans: dict[str, Span] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


def read_folder(path: Path) -> Folder:
    """Every rule of a YAML file, or of the YAML files in a folder and in its folder `rules`; files of tests are passed over.

    Needs no workspace: what rules name (signals, facts, roles, playbooks) is not looked up. Faults are those that make a rule
    unreadable, each with its place; all of them in one pass.
    """
    desk, found = Desk(), Folder()
    if path.is_dir():
        sources = [*_yaml_files(path, ".", "", desk), *_yaml_files(path, "rules", "", desk)]
    else:
        sources = [Source(path.name, path)]
    rules: dict[str, Rule] = {}
    taken: dict[str, Span] = {}
    for source in sources:
        if source.path.endswith(TEST):
            continue
        for node, rule in _nouns(source, desk):
            span = source.span(*_place(node))
            if (first := taken.setdefault(rule.id.lower(), span)) is not span:
                hint = "Ids of one kind are unique, and differ in more than upper and lower case."
                desk.add(fault("duplicate-id", f"the id '{rule.id}' of this rule is taken, first in {first}", span, hint=hint))
                continue
            rules[rule.id], found.spans[rule.id] = rule, span
    if not rules and not desk.faults:
        hint = "Give the folder that holds the rule files, or one of them."
        desk.add(fault("cannot-read", "there is no rule here", Span(path=path.as_posix()), hint=hint))
    found.rules = tuple(rules[ident] for ident in sorted(rules))
    found.faults = list(in_order(desk.faults))
    return found


def read_thresholds(sources: Iterable[Source], desk: Desk) -> dict[str, Mapping[str, Threshold]]:
    """Metric id → name → limit, of files with a list under `metrics`; faults go to `desk`."""
    from riskreg.model.metric import Metric

    found: dict[str, Mapping[str, Threshold]] = {}
    for source in sources:
        node = _tree(source, desk)
        for item in node.down("metrics").items if node is not None else ():
            if metric := _validated(Metric, item, source, desk):
                found[metric.id] = metric.thresholds
    return {ident: limits for ident, limits in sorted(found.items()) if limits}


def thresholds_of(folder: Path) -> dict[str, Mapping[str, Threshold]]:
    """The thresholds of a folder of metrics, or of a workspace. FaultError where a file cannot be read."""
    desk = Desk()
    inside = "metrics" if (folder / "metrics").is_dir() else "."
    found = read_thresholds(_yaml_files(folder, inside, "", desk), desk)
    if errors(desk.faults):
        raise FaultError(in_order(desk.faults))
    return found


def read_lock(folder: Path) -> Lock | None:
    """The lock in a folder of rules; None where there is none. FaultError where it cannot be read."""
    from riskreg.inference.proving.lock import LOCK, Lock

    desk, source = Desk(), Source(f"rules/{LOCK}", folder / LOCK)
    if not source.file.is_file():
        return None
    text = desk.text(source)
    if text is not None:
        try:
            held = Lock.model_validate_json(text)
        except ValidationError:
            held = None
        if held is not None and held.model_fields_set == set(Lock.model_fields):  # else somebody emptied it
            return held
        message = "this lock is not as riskreg wrote it"
        hint = "Take it back from your version control; only riskreg rules lock should write it."
        desk.add(fault("bad-value", message, source.span(1, 1), hint=hint))
    raise FaultError(desk.faults)


def lock_bytes(held: Lock) -> bytes:
    """The lock as it is written: sorted, one line a rule's version, so that a review shows what changed."""
    import json

    value = held.model_dump(mode="json")
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()


def _yaml_files(root: Path, folder: str, prefix: str, desk: Desk) -> Iterator[Source]:
    """As `Desk.files`, but a look at each file only where it is a link: there may be thousands."""
    place = root / folder
    above = f"{prefix}{folder}/" if folder != "." else prefix
    try:
        with os.scandir(place) as entries:
            listed = sorted(entries, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    if folder != "." and place.is_symlink() and not desk.inside(root, Source(f"{prefix}{folder}", place)):
        return
    for entry in listed:
        if entry.name.endswith(".yaml") and not entry.name.startswith(PASSED_OVER) and not entry.is_dir():
            source = Source(above + entry.name, place / entry.name)
            if not entry.is_file() and strange(source.file):
                desk.add(not_a_file(source))
            elif not entry.is_symlink() or desk.inside(root, source):
                yield source


def _nouns(source: Source, desk: Desk) -> list[tuple[Node, Any]]:
    from riskreg.model.rule import Rule, RuleTests

    node = _tree(source, desk)
    if node is None or node.value is None:
        return []
    model: type[BaseModel] = RuleTests if source.path.endswith(TEST) else Rule
    items = node.items if isinstance(node.value, list) else (node,)
    return [(item, noun) for item in items if (noun := _validated(model, item, source, desk)) is not None]


def _tree(source: Source, desk: Desk) -> Node | None:
    from riskreg.workspace.yamlfile import parse

    text = desk.text(source)
    node, faults = parse(text, source.path) if text is not None else (None, [])
    desk.add(*faults)
    return node


def _validated(model: type[M], node: Node, source: Source, desk: Desk) -> M | None:
    try:
        return model.model_validate(node.value, by_alias=True, by_name=False)
    except ValidationError:
        from riskreg.workspace.validate import validate  # describes every model, which a sound file does not need

        desk.add(*validate(model, node, source.path)[1])
        return None


def _digest(source: Source) -> str:
    try:
        return hashlib.sha256(source.file.read_bytes()).hexdigest()
    except OSError:
        return ""


def _stamp(file: Path, settled: int) -> list[int] | None:
    """Size and times of a file; None where they are not older than `settled`, in nanoseconds since 1970."""
    seen = file.stat()
    return [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns] if max(seen.st_mtime_ns, seen.st_ctime_ns) < settled else None


def _span(file: Indexed, entry: Entry) -> Span:
    return file.source.span(entry.line, entry.col)


def _place(node: Node) -> tuple[int, int]:
    named = node.get("id") or node.get("rule") or node
    return named.line, named.col


def _tests_in(node: Node) -> tuple[Node, ...]:
    tests = node.get("tests")
    return tests.items if tests is not None else ()


def _entry(node: Node, noun: Any) -> Entry:
    from riskreg.inference.language.connections import connection
    from riskreg.model.rule import Rule

    line, col = _place(node)
    named = sorted({one.rule for test in noun.tests for one in (*test.expect, *(test.flags or ()))})
    if not isinstance(noun, Rule):
        return Entry(noun.rule, line, col, Connection(None, ()), tuple(named))
    return Entry(noun.id, line, col, connection(noun), tuple(named), _limits(node))


def _limits(node: Node) -> bool:
    """Whether a named threshold is written in a rule's file."""
    return "threshold" in node.fields or any(_limits(below) for below in (*node.fields.values(), *node.items))


def _packed(entry: Entry) -> list[Any]:
    one = entry.connection
    return [entry.ident, entry.line, entry.col, one.concludes, list(one.looks), list(entry.named), entry.limits]


class _Known(NamedTuple):
    """What is kept of a file; nothing where it is of another shape than what is written here."""

    stamp: list[int] | None = None
    sha256: str = ""
    entries: tuple[Entry, ...] = ()


def _known(kept: Any) -> _Known:
    try:
        stamp, sha256, *entries = kept
        return _Known(stamp, sha256, tuple(map(_unpacked, entries)))
    except (TypeError, ValueError):
        return _Known()


def _unpacked(kept: list[Any]) -> Entry:
    """TypeError or ValueError where this was not packed here."""
    ident, line, col, concludes, looks, named, limits = kept
    texts = [ident, concludes or "", *looks, *named]
    if not (all(isinstance(text, str) for text in texts) and isinstance(line, int) and isinstance(col, int)):
        raise TypeError
    return Entry(ident, line, col, Connection(concludes, tuple(looks)), tuple(named), limits)
