"""Many writers at once, writers that are killed, and a file that may not grow: nothing that was acknowledged is lost."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from register_cases import NOW, assess_again_and_again, write_until_full, write_until_killed

from riskreg.register import Register


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    """Processes that begin with the register imported, so that a hundred of them take seconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["register_cases", "riskreg.register.register", "alembic.command"])
    return context


def test_eight_writers_lose_nothing(path: Path, processes: ForkServerContext) -> None:
    writers, times = 8, 10
    with Register.open(path) as register:
        register.add("talent-attrition", "site:MNL", "Leavers", "hr-lead", None, "seen", "hr-lead", NOW)
        crowd = [processes.Process(target=assess_again_and_again, args=(str(path), f"w{n}", times)) for n in range(writers)]
        for writer in crowd:
            writer.start()
        for writer in crowd:
            writer.join(60)
        assert [writer.exitcode for writer in crowd] == [0] * writers
        said = [event.body["reason"] for event in register.events() if event.kind == "risk.assessed"]
        assert sorted(said) == sorted(f"w{n} turn {turn}" for n in range(writers) for turn in range(times))
        assert register.risk("R-001").version == 1 + writers * times
        assert register.verify(register.head) == ()


def test_a_killed_writer_loses_nothing_that_was_acknowledged(path: Path, tmp_path: Path, processes: ForkServerContext) -> None:
    acknowledged = tmp_path / "acknowledged"
    acknowledged.touch()
    dice, seen_before = random.Random(7), 0
    for kill in range(24):
        writer = processes.Process(target=write_until_killed, args=(str(path), str(acknowledged)))
        writer.start()
        # The first are killed while the register is being made, the others between, during and after transactions.
        if kill >= 6:
            size = acknowledged.stat().st_size
            deadline = time.monotonic() + 20
            while acknowledged.stat().st_size == size and time.monotonic() < deadline:
                time.sleep(0.002)
        time.sleep(dice.uniform(0.0, 0.08))
        assert writer.pid
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        if not path.exists():
            continue
        with Register.open(path) as register:
            assert register.verify() == ()
            kept = {event.body["text"] for event in register.events() if event.kind == "risk.noted"}
            promised = set(acknowledged.read_text().splitlines())
            assert promised <= kept
            assert len(kept - promised) <= kill + 1, "each killed writer may have had one note on its way"
            assert len(kept) >= seen_before
            seen_before = len(kept)
    assert seen_before >= 18


def test_a_file_that_may_not_grow_loses_nothing_that_was_acknowledged(
    path: Path, tmp_path: Path, processes: ForkServerContext
) -> None:
    acknowledged = tmp_path / "acknowledged"
    with Register.open(path) as register:
        register.add("talent-attrition", "site:MNL", "Leavers", "hr-lead", None, "seen", "hr-lead", NOW)
    writer = processes.Process(target=write_until_full, args=(str(path), str(acknowledged), 200_000))
    writer.start()
    writer.join(60)
    assert writer.exitcode == 0
    *promised, code = acknowledged.read_text().splitlines()
    assert code in ("register-disk-full", "register-disk-fails")
    with Register.open(path) as register:
        assert register.verify() == ()
        kept = [event.body["text"].split(" x")[0] for event in register.events() if event.kind == "risk.noted"]
        assert kept == promised
        assert promised
        register.note("R-001", "there is room again", "hr-lead", NOW, register.risk("R-001").version)
