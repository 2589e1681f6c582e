"""Starting a workspace: an empty one that already runs, or a copy of an example."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from riskreg.model.faults import FaultError, Span
from riskreg.resources import shipped
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.definitions import SETTINGS
from riskreg.workspace.schemafiles import write_schemas
from riskreg.workspace.storage import WORK, write_atomic

STARTER = Path(__file__).parent / "starter"
_MADE = ("public", WORK, "__pycache__")
GITIGNORE = b"# What a run makes\npublic/\nregister.db*\n.riskreg/\n"


def examples() -> tuple[str, ...]:
    """Names of the shipped example workspaces, sorted."""
    folder = shipped("examples")
    return tuple(sorted(item.name for item in folder.iterdir() if (item / SETTINGS).is_file())) if folder.is_dir() else ()


def init(target: Path, example: str | None = None) -> tuple[str, ...]:
    """Starts a workspace in `target`, and returns the files that it wrote, relative to it and sorted.

    Without an example it is empty, with a commented entry of each kind. What runs made in an example (public/, register.db,
    .riskreg/) is not copied; schemas for editors are written into .riskreg/schemas/ either way. FaultError where the folder is
    not empty (`folder-not-empty`) or the example does not exist (`unknown-example`).
    """
    known = examples()
    if example is not None and example not in known:
        hint = did_you_mean(example, known) or f"There are {', '.join(known) or 'none'}."
        raise FaultError([fault("unknown-example", f"no example is called '{example}'", Span(path=str(target)), hint=hint)])
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        hint = "Name a folder that is empty or does not exist yet."
        raise FaultError([fault("folder-not-empty", f"{target} is not an empty folder", Span(path=str(target)), hint=hint)])
    origin = STARTER if example is None else shipped("examples") / example
    files = dict(_files(origin))
    try:
        for name, file in files.items():
            place = target / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    except OSError as error:
        message = f"the workspace cannot be written: {error.strerror or error}"
        raise FaultError([fault("cannot-write", message, Span(path=str(target)))]) from error
    write_atomic(target / ".gitignore", GITIGNORE)
    written = write_schemas(target / WORK / "schemas")
    return tuple(sorted({*files, ".gitignore", *(path.relative_to(target).as_posix() for path in written)}))


def _files(origin: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(origin.rglob("*")):
        name = PurePosixPath(file.relative_to(origin).as_posix())
        made = any(part in _MADE for part in name.parts) or name.name.startswith("register.db")
        if file.is_file() and not file.is_symlink() and not made:
            yield str(name), file
