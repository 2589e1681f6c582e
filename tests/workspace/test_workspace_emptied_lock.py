"""A lock that somebody emptied is no lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskreg.inference.proving.lock import Lock
from riskreg.model.faults import FaultError
from riskreg.workspace import lock_bytes, read_lock


@pytest.mark.parametrize("text", ["{}", '{"rules": {}}', '{"retired": []}', "[]", ""])
def test_an_emptied_lock_is_a_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "rules.lock.json").write_text(text)
    with pytest.raises(FaultError) as raised:
        read_lock(tmp_path)
    assert [(fault.code, fault.span.path) for fault in raised.value.faults] == [("bad-value", "rules/rules.lock.json")]


def test_a_lock_that_riskreg_wrote_is_read(tmp_path: Path) -> None:
    (tmp_path / "rules.lock.json").write_bytes(lock_bytes(Lock()))
    assert read_lock(tmp_path) == Lock()
