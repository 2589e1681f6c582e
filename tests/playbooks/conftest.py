"""Templates as the workspace hands them over, read without it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from riskreg.model.faults import Span
from riskreg.model.playbook import PlaybookTemplate
from riskreg.resources import shipped


def _read(path: Path) -> PlaybookTemplate:
    _, head, body = path.read_text("utf-8").split("---\n", 2)
    return PlaybookTemplate(**yaml.safe_load(head), body=body, span=Span(path=path.name, line=head.count("\n") + 2, col=1))


@pytest.fixture(scope="session")
def templates() -> dict[str, PlaybookTemplate]:
    """The shipped templates by id."""
    return {template.id: template for template in map(_read, sorted(shipped("playbooks").glob("*.md.j2")))}
