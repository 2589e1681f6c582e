"""The lock of the rules: what each version of a rule decides, held by a hash, so that logic never changes under an old number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from riskreg.model.base import Frozen, content_hash
from riskreg.model.faults import Fault, Span, in_order
from riskreg.model.rule import Rule

LOCK = "rules.lock.json"
"""The file in the folder of the rules."""
PARTS: dict[str, str] = {
    "when": "when",
    "join": "join",
    "within": "within",
    "lasting": "for",
    "keep_open_for": "keep_open_for",
    "on_missing_data": "on_missing_data",
    "scope": "scope",
    "then": "then",
    "severity": "severity",
    "category": "category",
}
"""What decides: field of the model → its name in the file. Words, tests, references, owner, status and exceptions are free."""


class Locked(Frozen):
    """One version of a rule: the hash of each part that decides, and of all of them."""

    sha256: str
    parts: dict[str, str]
    """Name in the file → the first 16 digits of its hash, so that a change can be named."""


class Lock(Frozen):
    """Rule id → version → what that version decides. Versions and ids are kept for ever; `retired` are ids whose rule is gone."""

    rules: dict[str, dict[int, Locked]] = {}
    retired: tuple[str, ...] = ()


def locked(rule: Rule) -> Locked:
    """The hash of what decides in a rule: SHA-256 over canonical JSON without what is left to its default, so that the order and
    form of the file change nothing, nor does a field that the language gains later."""
    whole = rule.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=set(PARTS))
    parts = {name: whole.get(name) for name in PARTS.values()}
    return Locked(sha256=content_hash(whole), parts={name: content_hash(value)[:16] for name, value in parts.items()})


def lock(rules: Sequence[Rule], held: Lock | None = None) -> Lock:
    """`held` with the rules and versions that are new. What it holds already stays as it is; `check_lock` says what differs."""
    merged = {ident: dict(versions) for ident, versions in (held or Lock()).rules.items()}
    for rule in rules:
        versions = merged.setdefault(rule.id, {})
        if rule.version >= max(versions, default=0):
            versions.setdefault(rule.version, locked(rule))
    retired = sorted(set(merged) - {rule.id for rule in rules})
    return Lock(rules={ident: dict(sorted(merged[ident].items())) for ident in sorted(merged)}, retired=tuple(retired))


def check_lock(rules: Sequence[Rule], spans: Mapping[str, Span], held: Lock, *, partial: bool = False) -> tuple[Fault, ...]:
    """Where rules and lock disagree: logic that changed under an old version, a version that went down, an id that is gone (a
    warning, until the lock is written again), that was given to another rule, or that is not locked yet (a warning).

    Args:
        rules: the rules that the lock is about.
        spans: the place of each rule id; a rule without one is placed at `rules:<id>`.
        partial: only some of the rules are given, so that a missing id says nothing.
    """
    found = [_fault(rule, spans, wrong) for rule in rules if (wrong := _wrong(rule, held))]
    for ident in sorted(set(held.rules) - set(held.retired) - {rule.id for rule in rules}) if not partial else ():
        message = f"rule {ident} is locked, and no file has it any more"
        hint = "If it was removed on purpose, run riskreg rules lock: its id stays taken. Otherwise bring the file back."
        span = Span(path=f"rules/{LOCK}", cell=ident)
        found.append(Fault(code="rule-gone", message=message, hint=hint, span=span, severity="warning"))
    return in_order(found)


def _wrong(rule: Rule, held: Lock) -> tuple[str, str, str] | None:
    versions = held.rules.get(rule.id, {})
    newest, now = max(versions, default=0), locked(rule)
    new = rule.version > newest
    if versions and ((new and not _alike(now, versions[newest])) or (rule.id in held.retired and now != versions[newest])):
        message = f"the id {rule.id} was held by another rule, whose logic this one does not have"
        return "rule-reused", message, "Ids are never used again: give the new rule an id of its own."
    if new:
        message = f"version {rule.version} of rule {rule.id} is not locked yet"
        return "rule-unlocked", message, "Run riskreg rules lock when it is reviewed."
    if rule.version < newest:
        message = f"rule {rule.id} is version {rule.version}, and version {newest} was there before"
        return "rule-version-down", message, f"Versions only go up: write version: {newest + 1}, also to go back to old logic."
    if now.sha256 == versions[newest].sha256:
        return None
    changed = [name for name, digest in now.parts.items() if versions[newest].parts.get(name) != digest]
    message = f"rule {rule.id} has changed under version {rule.version}: {', '.join(changed) or 'its logic'}"
    return "rule-changed", message, f"Write version: {newest + 1}, then run riskreg rules lock; or undo the change."


def _alike(one: Locked, other: Locked) -> bool:
    """Whether anything is left of what makes a rule this rule."""
    return any(one.parts.get(name) == other.parts.get(name) for name in ("when", "join", "then", "category"))


def _fault(rule: Rule, spans: Mapping[str, Span], wrong: tuple[str, str, str]) -> Fault:
    code, message, hint = wrong
    span = spans.get(rule.id, Span(path="rules", cell=rule.id))
    return Fault(code=code, message=message, hint=hint, span=span, severity="warning" if code == "rule-unlocked" else "error")
