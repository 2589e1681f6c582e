"""The process in which durable_rules runs: one job in on stdin, one line a shard out on stdout, and then it ends.

Memory that the engine took is given back only by the end of its process, and a fault in its C code ends no other. Nothing is
decided here: every match goes out as it came.

Job: `{"bytes": n, "seconds": n, "shards": [{"rules": {…}, "batches": [[fact, …], …]}, …]}`. Line: `[[rule, [fact id, …]], …]`.
"""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> int:
    job = json.loads(sys.stdin.readline())
    _limit(job["bytes"], job["seconds"])
    import durable_rules_engine as engine

    for number, shard in enumerate(job["shards"]):
        sys.stdout.write(json.dumps(_run(engine, f"shard{number}", shard), separators=(",", ":")) + "\n")
        sys.stdout.flush()
    return 0


def _run(engine: Any, name: str, shard: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """Every match of one shard: the rule, and the ids of its facts in pattern order."""
    handle = engine.create_ruleset(name, json.dumps(shard["rules"]))
    found: list[tuple[str, list[str]]] = []
    for batch in shard["batches"]:
        engine.assert_facts(handle, json.dumps(batch))
        while action := engine.start_action(handle):
            match = action[1]
            while match:
                ((rule, frame),) = json.loads(match).items()
                found.append((rule, [frame[f"m{place}"]["id"] for place in range(len(frame))]))
                match = engine.complete_and_start_action(handle, action[2])
    return found


def _limit(size: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the caller's clock still ends the process
        return
    for what, limit in ((resource.RLIMIT_AS, size), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (limit, limit))
        except (ValueError, OSError):
            continue


if __name__ == "__main__":
    raise SystemExit(main())
