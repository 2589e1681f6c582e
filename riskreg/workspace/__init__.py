"""The files of a workspace in and out; every fault located.

`load` reads one, `init` starts one, `schemas` and `write_schemas` describe its files to an editor, `write_lock` and
`write_atomic` are how anything is written in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskreg.workspace.codes import CODES
    from riskreg.workspace.loading import Loaded, load
    from riskreg.workspace.schemafiles import schemas, write_schemas
    from riskreg.workspace.starting import examples, init
    from riskreg.workspace.storage import write_atomic, write_lock

_HOME = {
    "CODES": "codes",
    "Loaded": "loading",
    "examples": "starting",
    "init": "starting",
    "load": "loading",
    "schemas": "schemafiles",
    "write_atomic": "storage",
    "write_lock": "storage",
    "write_schemas": "schemafiles",
}
__all__ = ["CODES", "Loaded", "examples", "init", "load", "schemas", "write_atomic", "write_lock", "write_schemas"]


def __getattr__(name: str) -> Any:
    # A command that only writes a lock should not import Polars and every model.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOME[name]}")
    globals().update({public: getattr(module, public) for public, home in _HOME.items() if home == _HOME[name]})
    return globals()[name]
