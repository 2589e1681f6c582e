"""Writing in a workspace: whole files or none, one writer at a time."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from riskreg.model.faults import FaultError, Span
from riskreg.workspace.codes import fault

WORK = ".riskreg"
_FAR = 1 << 30  # Windows locks bytes, not files: one far behind the process number, which others must be able to read


def write_atomic(path: Path, data: bytes) -> bool:
    """Writes `data` so that readers see the old file or the new one, never a part; True if anything changed.

    A file with the same bytes is left alone, with its time. On a full disk, a kill or any other failure the old file stays
    whole; FaultError (`cannot-write`) where the system refuses.
    """
    temporary: Path | None = None
    try:
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}-", delete=False) as stream:
            temporary = Path(stream.name)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        message = f"this file cannot be written: {error.strerror or error}"
        hint = "The old file is as it was. Make room, or allow writing here, and run again."
        raise FaultError([fault("cannot-write", message, Span(path=path.as_posix()), hint=hint)]) from error
    return True


@contextlib.contextmanager
def write_lock(root: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Holds the workspace's write lock (`.riskreg/lock`), so that `run` and `serve` write one after the other.

    The operating system releases it when the process ends, however it ends. Waits up to `wait` seconds; then FaultError
    (`locked`) names the process that holds it.
    """
    file = root / WORK / "lock"
    span = Span(path=f"{WORK}/lock")
    if not file.resolve().is_relative_to(root.resolve()):
        raise FaultError([fault("outside", "this link leads out of the workspace and is not followed", span)])
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise FaultError([fault("cannot-write", f"this file cannot be written: {error.strerror}", span)]) from error
    try:
        until = time.monotonic() + wait
        while not _take(handle):
            if time.monotonic() >= until:
                holder = os.read(handle, 20).decode("ascii", "replace").strip() or "of unknown number"
                hint = "Wait until it has finished, or stop it; the lock goes when the process ends."
                raise FaultError([fault("locked", f"process {holder} is writing in this workspace", span, hint=hint)])
            time.sleep(0.05)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        try:
            yield
        finally:
            os.ftruncate(handle, 0)
            _release(handle)
    finally:
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _seek_and(handle: int, mode: int) -> bool:
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, mode, 1)
        except OSError:
            return False
        finally:
            os.lseek(handle, 0, os.SEEK_SET)
        return True

    def _take(handle: int) -> bool:
        return _seek_and(handle, msvcrt.LK_NBLCK)

    def _release(handle: int) -> None:
        _seek_and(handle, msvcrt.LK_UNLCK)

    def _sync_folder(folder: Path) -> None:
        pass  # Windows has no handle of a folder to flush
else:
    import fcntl

    def _take(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)

    def _sync_folder(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
