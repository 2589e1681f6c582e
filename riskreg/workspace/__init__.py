"""The files of a workspace in and out; every fault located.

`load` reads one, `init` starts one, `schemas` and `write_schemas` describe its files to an editor, `write_lock` and
`write_atomic` are how anything is written in it. `RuleFiles` reads its rules alone and `run_kept` their tests; `read_folder` and
`read_facts` need no workspace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskreg.workspace.codes import CODES
    from riskreg.workspace.factsfile import FactsRead, read_facts, read_facts_of
    from riskreg.workspace.kepttests import Outcome, run_kept
    from riskreg.workspace.loading import Loaded, load
    from riskreg.workspace.rulefiles import RuleFiles, lock_bytes, read_folder, read_lock, thresholds_of
    from riskreg.workspace.schemafiles import schemas, write_schemas
    from riskreg.workspace.starting import examples, init
    from riskreg.workspace.storage import write_atomic, write_lock

_HOME = {
    "CODES": "codes",
    "FactsRead": "factsfile",
    "Loaded": "loading",
    "Outcome": "kepttests",
    "RuleFiles": "rulefiles",
    "examples": "starting",
    "init": "starting",
    "load": "loading",
    "lock_bytes": "rulefiles",
    "read_facts": "factsfile",
    "read_facts_of": "factsfile",
    "read_folder": "rulefiles",
    "read_lock": "rulefiles",
    "run_kept": "kepttests",
    "schemas": "schemafiles",
    "thresholds_of": "rulefiles",
    "write_atomic": "storage",
    "write_lock": "storage",
    "write_schemas": "schemafiles",
}
__all__ = [
    "CODES",
    "FactsRead",
    "Loaded",
    "Outcome",
    "RuleFiles",
    "examples",
    "init",
    "load",
    "lock_bytes",
    "read_facts",
    "read_facts_of",
    "read_folder",
    "read_lock",
    "run_kept",
    "schemas",
    "thresholds_of",
    "write_atomic",
    "write_lock",
    "write_schemas",
]


def __getattr__(name: str) -> Any:
    # A command that only writes a lock should not import Polars and every model.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_HOME[name]}")
    globals().update({public: getattr(module, public) for public, home in _HOME.items() if home == _HOME[name]})
    return globals()[name]
