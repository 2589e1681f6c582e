"""Everything becomes pages: a Markdown tree with its mkdocs.yml, and the static publication built from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskreg.publishing.addresses import page_addresses
    from riskreg.publishing.build import BuildFailed, Published, publish
    from riskreg.publishing.render import environment

__all__ = ["BuildFailed", "Published", "environment", "page_addresses", "publish"]

_HOME = {"page_addresses": "addresses", "environment": "render", "publish": "build", "Published": "build", "BuildFailed": "build"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"riskreg.publishing.{_HOME[name]}"), name)
