"""Rules as they are elsewhere, or were earlier: in a folder, in another workspace, at a revision of the workspace's repository."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from riskreg.model.faults import Fault, FaultError, Span, errors
from riskreg.model.rule import Rule
from riskreg.resources import shipped
from riskreg.workspace.rulefiles import SETTINGS, RuleFiles, read_folder

GIT = "git:"
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@{}^~+-]{0,199}")
_FILE = re.compile(rb"100(?:644|755) blob ([0-9a-f]{40,64})\t(.+)", re.DOTALL)


def rules_at(source: str, root: Path, *, on_shipped: bool) -> tuple[Rule, ...]:
    """The rules that `source` names, in the order of their ids; with the shipped ones below them where `on_shipped`.

    `source` is a folder of rule files, another workspace, or `git:REV`: the rules at a revision of the repository that holds
    `root`, read without a checkout. FaultError where there is no such place, or a file of it cannot be read as rules.
    """
    if source.startswith(GIT):
        return _at_revision(source.removeprefix(GIT), root, on_shipped)
    folder = Path(source)
    if (folder / SETTINGS).is_file():
        return RuleFiles(folder).read().rules
    if not folder.exists():
        raise _refused(source, "there is no such folder", "Name a folder of rules, a workspace, or a revision such as git:HEAD~1.")
    return _over(_read(folder), _read(shipped("rules")) if on_shipped else ())


def _read(folder: Path) -> tuple[Rule, ...]:
    found = read_folder(folder)
    if errors(found.faults):
        raise FaultError(found.faults)
    return found.rules


def _over(own: Sequence[Rule], below: Sequence[Rule]) -> tuple[Rule, ...]:
    merged = {rule.id: rule for rule in below} | {rule.id: rule for rule in own}
    return tuple(merged[ident] for ident in sorted(merged))


def _at_revision(revision: str, root: Path, on_shipped: bool) -> tuple[Rule, ...]:
    if not _REVISION.fullmatch(revision):
        raise _refused(f"{GIT}{revision}", "this is not a revision", "Write a branch, a tag or a commit: git:main, git:HEAD~1.")
    top = Path(_git(root, "rev-parse", "--show-toplevel").decode().strip())
    asked = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = _git(root, *asked, missing=f"the repository has no revision '{revision}'").decode().strip()
    own = _folder_at(top, commit, root.resolve() / "rules") or ()
    if not on_shipped:
        return _over(own, ())
    # Where the repository holds riskreg itself, its shipped rules have a history too.
    below = _folder_at(top, commit, shipped("rules").resolve())
    return _over(own, _read(shipped("rules")) if below is None else below)


def _folder_at(top: Path, commit: str, folder: Path) -> tuple[Rule, ...] | None:
    """The rules of a folder at a commit; None where the repository does not hold the folder, or did not then."""
    if not folder.is_relative_to(top):
        return None
    place = folder.relative_to(top).as_posix()
    listed = _git(top, "ls-tree", "-z", "--full-tree", "--end-of-options", commit, f"{place}/")
    files = {
        name.decode("utf-8", "replace").rpartition("/")[2]: blob.decode()
        for line in listed.split(b"\0")
        if (found := _FILE.fullmatch(line))
        for blob, name in [found.groups()]
        if name.endswith(b".yaml")
    }
    if not files:
        return None
    with tempfile.TemporaryDirectory() as scratch:
        for name, blob in files.items():
            (Path(scratch) / name).write_bytes(_git(top, "cat-file", "blob", blob))
        return _read(Path(scratch))


def _git(folder: Path, *command: str, missing: str = "") -> bytes:
    """What git answers; it runs without a shell, and reads only. FaultError with its own words where it refuses."""
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(folder), *command],  # noqa: S607
            capture_output=True, check=False, env=environment, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise _refused(
            str(folder), "git is not installed, or gives no answer", "Give a folder with the earlier rules instead."
        ) from error
    if done.returncode:
        said = missing or done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ") or "git gives no reason"
        raise _refused(str(folder), said, "Ask git log for revisions, or give a folder with the earlier rules instead.")
    return done.stdout


def _refused(place: str, message: str, hint: str) -> FaultError:
    return FaultError([Fault(code="no-such-rules", message=message, hint=hint, span=Span(path=place))])
