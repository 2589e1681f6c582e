"""The tree on disk: only what changed is written, what is stale goes, and one hash says what all of it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def write(folder: Path, files: Mapping[str, bytes]) -> int:
    """Make `folder` hold exactly `files` (path → bytes). Returns how many files were written or removed.

    A file whose bytes are the same is not touched, so that its time stays. OSError where the disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = 0
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.relative_to(folder).as_posix() not in files:
            path.unlink()
            changed += 1
    for name, data in sorted(files.items()):
        target = folder / name
        if target.is_file() and target.read_bytes() == data:
            continue
        if target.is_dir():
            target.rmdir()
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        changed += 1
    return changed


def read(folder: Path) -> dict[str, bytes]:
    """Every file under `folder`, by path relative to it; names that begin with a dot stay out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def digest(files: Mapping[str, bytes], *more: str) -> str:
    """SHA-256 over names, bytes and whatever else decides the outcome, such as the builder's version."""
    total = hashlib.sha256()
    for part in (*more, *(name for pair in sorted(files.items()) for name in (pair[0], hashlib.sha256(pair[1]).hexdigest()))):
        total.update(f"{len(part)}:{part}".encode())
    return total.hexdigest()
