"""The process in which durable_rules runs: one job in on stdin, one line a shard out on stdout, and then it ends.

Memory that the engine took is given back only by the end of its process, and a fault in its C code ends no other. Nothing is
decided here: every match goes out as it came.

Job, a line each: the limits `{"bytes": n, "seconds": n, "shards": n}`; then for each shard its rules as the engine reads them, and
its facts as a JSON list. Answer, a line a shard: `{rule: [token, …]}`, the tokens of its matches one after the other in pattern
order. A shard is a ruleset of its own: `retract_facts` ends in a segmentation fault where a rule joins three facts or more.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

_IDS = re.compile(r'"id":"p(\d+)"')


def main() -> int:
    import durable_rules_engine as engine  # before the job is there, so that it waits for nothing

    read = sys.stdin.readline
    line = read()
    if not line:
        return 0  # nothing was asked
    job = json.loads(line)
    _limit(job["bytes"], job["seconds"])
    shards = [(read(), read()) for _ in range(job["shards"])]
    for number, (rules, facts) in enumerate(shards):
        sys.stdout.write(json.dumps(_run(engine, f"shard{number}", rules, facts), separators=(",", ":")) + "\n")
        sys.stdout.flush()
    return 0


def _run(engine: Any, name: str, rules: str, facts: str) -> dict[str, list[int]]:
    """Every match of one shard."""
    handle = engine.create_ruleset(name, rules)
    found: dict[str, list[int]] = {rule: [] for rule in json.loads(rules)}
    engine.assert_facts(handle, facts)
    while action := engine.start_action(handle):
        match = action[1]
        while match:
            # {"r0":{"m0":{"id":"p12",…},"m1":{…}}}: facts come back as they were written, in pattern order.
            found[match[2 : match.index('"', 2)]].extend(map(int, _IDS.findall(match)))
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
