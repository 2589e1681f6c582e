"""What was worked out once, kept in `.riskreg/` until it is not true any more. Losing it costs time and nothing else."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import riskreg
from riskreg.model.faults import FaultError
from riskreg.workspace.storage import WORK, write_atomic

_ROOMS = ("model", "inference", "workspace")


class Kept:
    """A mapping in `.riskreg/<name>.json` that is empty again when riskreg, or what it stands on, is another than the one that
    wrote it, or when the file is not whole."""

    def __init__(self, root: Path, name: str, *, fresh: bool = False) -> None:
        """`fresh`: what is kept is not looked at, and written over."""
        self._root, self._file = root, root / WORK / f"{name}.json"
        self.value: dict[str, Any] = {} if fresh else self._read()
        self._same = not fresh

    def write(self, value: dict[str, Any]) -> None:
        """Keeps `value`; does nothing where nothing can be written, because nothing depends on it."""
        if (self._same and value == self.value) or not self._file.resolve().is_relative_to(self._root.resolve()):
            return
        body = json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        try:
            write_atomic(self._file, _seal(body) + b"\n" + body)
        except (FaultError, OSError):
            return
        self.value, self._same = value, True

    def _read(self) -> dict[str, Any]:
        try:
            seal, _, body = self._file.read_bytes().partition(b"\n")
            value = json.loads(body) if seal == _seal(body) else {}
        except (OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def _seal(body: bytes) -> bytes:
    return hashlib.sha256(maker().encode() + body).hexdigest().encode()


@cache
def maker() -> str:
    """The hash of everything that turns files into answers: riskreg's version and code, Python, and what is installed there."""
    digest = hashlib.sha256("\n".join((riskreg.__version__, sys.version, *_installed())).encode())
    home = Path(riskreg.__file__).parent
    for room in _ROOMS:
        for file in sorted((home / room).rglob("*.py")):
            digest.update(file.relative_to(home).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _installed() -> Iterator[str]:
    """Name and version of every package that can be imported, by its folder: `polars-1.40.1.dist-info`."""
    for place in sys.path:
        yield from sorted(folder.name for kind in ("*.dist-info", "*.egg-info") for folder in Path(place).glob(kind))
