"""Writing: whole files or none, one writer at a time, whatever happens to the disk or the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from riskreg.model.faults import FaultError
from riskreg.workspace import write_atomic, write_lock


def test_the_same_bytes_leave_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "deep/folder/x.txt"
    assert write_atomic(path, b"one")
    before = path.stat()
    assert not write_atomic(path, b"one")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [item.name for item in path.parent.iterdir()] == ["x.txt"]


def test_a_new_file_is_readable_like_any_other_and_an_old_one_keeps_its_mode(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_bytes(b"")
    path = tmp_path / "x"
    write_atomic(path, b"1")
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o600)
    write_atomic(path, b"2")
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="the limit on file sizes is POSIX")
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    code = f"""
        import resource, signal
        from pathlib import Path
        from riskreg.model.faults import FaultError
        from riskreg.workspace import write_atomic
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
        try:
            write_atomic(Path({str(path)!r}), b"x" * 100_000)
        except FaultError as error:
            print(error.faults[0].code)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "cannot-write"
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["x"]


def test_where_writing_is_impossible_it_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FaultError) as raised:
        write_atomic(tmp_path / "file/below", b"x")
    assert raised.value.faults[0].code == "cannot-write"


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of `tmp_path`."""
    code = f"""
        import time
        from pathlib import Path
        from riskreg.workspace import write_lock
        with write_lock(Path({str(tmp_path)!r})):
            print("held", flush=True)
            time.sleep(60)
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_lock_names_who_holds_it_and_goes_when_that_process_is_killed(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(FaultError) as raised, write_lock(tmp_path):
        pass
    assert raised.value.faults[0].code == "locked"
    assert f"process {holder.pid} is writing" in raised.value.faults[0].message
    assert (tmp_path / ".riskreg/lock").read_text() == str(holder.pid)
    holder.send_signal(signal.SIGKILL)
    with write_lock(tmp_path, wait=10):
        assert (tmp_path / ".riskreg/lock").read_text() == str(os.getpid())


def test_a_lock_is_given_back_and_is_not_taken_twice(tmp_path: Path) -> None:
    for _ in range(2):
        with write_lock(tmp_path), pytest.raises(FaultError), write_lock(tmp_path):
            pass
    with pytest.raises(ValueError, match="ours"), write_lock(tmp_path):
        raise ValueError("ours")
    with write_lock(tmp_path):
        pass


def test_a_lock_does_not_follow_a_link_out_of_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    root = tmp_path / "ws"
    root.mkdir()
    (root / ".riskreg").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FaultError) as raised, write_lock(root):
        pass
    assert raised.value.faults[0].code == "outside"
    assert list((tmp_path / "elsewhere").iterdir()) == []
