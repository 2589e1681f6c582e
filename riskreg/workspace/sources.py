"""The files of a workspace as they lie on disk: which there are, what they hold, and the hash of what was read.

No symbolic link is followed out of the workspace, and a YAML file or a template has a size limit, because it is held in memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from riskreg.model.faults import Fault, Span
from riskreg.workspace.codes import fault

MOST_TEXT = 16 * 1024 * 1024
"""Bytes of one YAML file or template."""
BLOCK = 1024 * 1024
PASSED_OVER = (".", "README", "~$")
"""How the names of files begin that are nobody's definitions, and are passed over without a word."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file: `path` is what people see (relative to the workspace, or `shipped/…`), `file` where it lies."""

    path: str
    file: Path

    def span(self, line: int = 0, col: int = 0, cell: str = "") -> Span:
        return Span(path=self.path, line=line, col=col, cell=cell)


@dataclass(slots=True)
class Desk:
    """What one loading has gathered so far: faults, and the hash of every file that was read."""

    faults: list[Fault] = field(default_factory=list)
    hashes: dict[str, str] = field(default_factory=dict)
    partial: bool = False
    """Some definitions could not be read at all, so that a missing name proves nothing."""

    def add(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def text(self, source: Source) -> str | None:
        """The text of a file in UTF-8 (a byte-order mark is dropped); None, and a fault, where it cannot be had."""
        if strange(source.file):
            self.add(not_a_file(source))
            return None
        try:
            with source.file.open("rb") as stream:
                data = stream.read(MOST_TEXT + 1)
        except OSError as error:
            self.add(cannot_read(source, error))
            return None
        if len(data) > MOST_TEXT:
            hint = "Split it: every file in the folder is read, and their lists are put together."
            self.add(fault("too-large", f"this file is larger than {MOST_TEXT // 2**20} MB", source.span(), hint=hint))
            return None
        self.hashes[source.path] = hashlib.sha256(data).hexdigest()
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.add(not_utf8(source, data[: error.start].count(b"\n") + 1, data[:2]))
            return None

    def hash_file(self, source: Source) -> None:
        """Notes the hash of a file that another reader opens by itself."""
        digest = hashlib.sha256()
        with source.file.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
        self.hashes[source.path] = digest.hexdigest()

    def files(self, root: Path, folder: str, suffixes: Iterable[str], prefix: str = "") -> list[Source]:
        """Files right in `root/folder` with one of the suffixes, by name; a fault for each link that leads out of `root`.

        Hidden files, `README*` and folders are passed over; any other name is worth a warning, because someone expects it to count.
        """
        found = []
        for file in _entries(root / folder):
            source = Source(f"{prefix}{folder}/{file.name}", file)
            if not self.inside(root, source):
                continue
            if file.name.endswith(tuple(suffixes)):
                if strange(file):
                    self.add(not_a_file(source))
                else:
                    found.append(source)
            else:
                hint = f"Files here end in {', '.join(suffixes)}."
                self.add(fault("ignored", "this file is not read", source.span(), hint=hint, severity="warning"))
        return found

    def inside(self, root: Path, source: Source) -> bool:
        """True where the file lies in `root` when every link is followed; else a fault."""
        if source.file.resolve().is_relative_to(root.resolve()):
            return True
        hint = "Copy the file into the workspace."
        self.add(fault("outside", "this link leads out of the workspace and is not followed", source.span(), hint=hint))
        return False


def _entries(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        # Scripts beside the readings make them, and a lock holds what stands beside it; they are neither readings nor rules.
        passed = file.name.startswith(PASSED_OVER) or file.name.endswith((".py", ".lock.json"))
        if not passed and not file.is_dir():
            yield file


def strange(file: Path) -> bool:
    """Whether this is a pipe with a name, a socket or a device: to open it may wait for ever for somebody who writes. A pipe that
    the shell made for this command has no place of its own, and is none of these."""
    return not (file.is_file() or file.is_dir()) and file.resolve().exists()


def not_a_file(source: Source) -> Fault:
    """The fault for a pipe, a socket or a device in the place of a file."""
    hint = "Put a file in its place, or take it away."
    return fault("cannot-read", "this is not a file", source.span(), hint=hint)


def cannot_read(source: Source, error: OSError) -> Fault:
    """The fault for a file that the operating system does not give."""
    return fault("cannot-read", f"this file cannot be read: {error.strerror or error}", source.span())


def not_utf8(source: Source, line: int, start: bytes) -> Fault:
    """The fault for a file in another encoding, with the encoding where its first bytes give it away."""
    wide = start in (b"\xff\xfe", b"\xfe\xff")
    message = "this file is UTF-16 and not UTF-8" if wide else "from here on this file is not UTF-8 text"
    hint = "Save it again as UTF-8; in a spreadsheet choose 'CSV UTF-8'."
    example = (
        f"iconv -f {'UTF-16' if wide else 'WINDOWS-1252'} -t UTF-8 old.yaml > new.yaml" if source.path.endswith(".yaml") else ""
    )
    return fault("encoding", message, source.span(1 if wide else line, 1), hint=hint, example=example)
