"""The one finder of shipped files: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Shipped = Literal["rules", "playbooks", "site", "examples"]


def shipped(kind: Shipped) -> Path:
    """The folder of shipped rules, playbooks, site files (theme, assets, guide) or examples."""
    package = Path(__file__).parent
    inside = package / "shipped" / kind
    return inside if inside.is_dir() else package.parent / kind
