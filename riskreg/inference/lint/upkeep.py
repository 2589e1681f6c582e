"""What a rule needs around it: tests, exceptions in date, successors, references that lead somewhere, consequences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from riskreg.inference.lint.checks import LIVE, Gone, Outline, Pack, Told, across, each
from riskreg.inference.lint.fields import pattern_values, values_of, within

SOON = timedelta(days=30)
_TEST = "Add one to rules/<id>.test.yaml: given facts, and what is expected (expect: [] for nothing)."
_WEB = re.compile(r"\b([a-z][a-z0-9+.-]{1,11}):/{1,3}\S*|\bwww\.\S+", re.IGNORECASE)
_SOUND = re.compile(r"https?://([^\W_]([\w-]*[^\W_])?\.)+[^\W\d_][\w-]+(:[0-9]{1,5})?([/?#][^\s<>\"{}|\\^`]*)?", re.IGNORECASE)


@each("rule-untested", "No test shows a case in which the rule fires.", "error")
def untested(outline: Outline, pack: Pack) -> Iterator[Told]:
    rule = outline.rule
    if pack.known.tests is not None and not any(
        e.rule == rule.id for test in pack.known.tests.get(rule.id, ()) for e in test.expect
    ):
        yield Told((), "no test shows a case in which it fires", _TEST, f"expect: [{{rule: {rule.id}, site: MNL}}]")


@each("rule-no-negative-test", "No test shows a case in which the rule stays silent.", "error")
def no_negative_test(outline: Outline, pack: Pack) -> Iterator[Told]:
    rule = outline.rule
    if pack.known.tests is not None:
        tests = pack.known.tests.get(rule.id, ())
        if all(any(expected.rule == rule.id for expected in test.expect) for test in tests):
            yield Told((), "no test shows a case in which it stays silent", _TEST, "expect: []")


@across("test-unknown-rule", "Tests of a rule that does not exist.", "error")
def test_unknown_rule(pack: Pack) -> Iterator[Told]:
    for name in sorted(set(pack.known.tests or ()) - set(pack.by_id)):
        yield Told((), "there are tests for it, but no such rule", "Correct the name after rule:.", rule=name)


@each("rule-exception-expired", "An exception whose last day has passed; it leaves nothing out any more.", fixable=True)
def exception_expired(outline: Outline, pack: Pack) -> Iterator[Told]:
    today = pack.known.as_of
    for index, one in enumerate(outline.rule.exceptions):
        if today and one.until < today:
            message = f"its exception '{one.reason}' ended on {one.until.isoformat()}"
            hint = "Take it out, or have it approved again until a later day."
            yield Told(("exceptions", index, "until"), message, hint, mend=(("exceptions", index), Gone.GONE))


@each("rule-exception-expiring", "An exception ends within 30 days.")
def exception_expiring(outline: Outline, pack: Pack) -> Iterator[Told]:
    today = pack.known.as_of
    for index, one in enumerate(outline.rule.exceptions):
        if today and today <= one.until <= today + SOON:
            left = (one.until - today).days
            when = "today" if not left else "tomorrow" if left == 1 else f"in {left} days"
            message = f"its exception '{one.reason}' ends {when}, on {one.until.isoformat()}"
            yield Told(("exceptions", index, "until"), message, f"Ask {one.approved_by} whether it is still needed.")


@each("rule-exception-all", "An exception leaves out everything that a pattern looks for, so that the rule is off until it ends.")
def exception_all(outline: Outline, pack: Pack) -> Iterator[Told]:
    for index, one in enumerate(outline.rule.exceptions):
        if pack.known.as_of and one.until < pack.known.as_of:
            continue
        out = []
        for number in outline.positive:
            pattern = outline.patterns[number]
            given = pattern_values(outline, number, pack)
            parts = (within(given(name), values_of(condition)) for name, condition in one.where.items())
            out += [pattern.kind] if all(parts) else []
        if len(out) == len(outline.positive):
            message = f"its exception '{one.reason}' leaves out every {out[0]} that it looks for"
            yield Told(("exceptions", index, "where"), message, "Say more narrowly what is left out.", "where: {site: BOG}")


@each("rule-deprecated", "A deprecated rule does not say what replaces it.")
def deprecated(outline: Outline, _pack: Pack) -> Iterator[Told]:
    if outline.rule.status == "deprecated" and outline.rule.replaced_by is None:
        yield Told(
            ("status",), "it is deprecated, and nothing says what replaces it", "Name its successor.", "replaced_by: the-new-rule"
        )


@each(
    "rule-successor",
    "`replaced_by` names a rule that does not exist, is deprecated itself, or replaces a rule that is not deprecated.",
)
def successor(outline: Outline, pack: Pack) -> Iterator[Told]:
    rule, name = outline.rule, outline.rule.replaced_by
    if name is None:
        return
    where = ("replaced_by",)
    if name not in pack.by_id or name == rule.id:
        wrong = "itself" if name == rule.id else f"'{name}', which does not exist"
        yield Told(where, f"it is replaced by {wrong}", "Correct the id.", "replaced_by: the-new-rule", severity="error")
    elif pack.by_id[name].status == "deprecated":
        yield Told(where, f"it is replaced by {name}, which is deprecated itself", "Name the rule that stands now.")
    elif rule.status != "deprecated":
        yield Told(where, f"it is replaced by {name}, and yet it is {rule.status}", "Write status: deprecated, or take this out.")


@each("rule-link", "A reference holds a web address that cannot lead anywhere.")
def link(outline: Outline, _pack: Pack) -> Iterator[Told]:
    for index, text in enumerate(outline.rule.references):
        for found in _WEB.finditer(text):
            address = found[0].rstrip(".,;:!?)]}'\"")
            if not _SOUND.fullmatch(address):
                message = f"its reference '{address}' is not a whole web address"
                yield Told(
                    ("references", index), message, "Write it as a browser shows it.", "https://www.iso.org/standard/75106.html"
                )


@each("rule-idle", "Nothing follows from the rule: no risk, no playbook, and nothing concluded that another rule matches.")
def idle(outline: Outline, pack: Pack) -> Iterator[Told]:
    then = outline.rule.then
    heard = then.conclude is not None and then.conclude.fact in pack.matched
    if not (then.raises or then.playbooks or then.escalate or then.lose or heard):
        said = f"nothing looks at '{then.conclude.fact}', which it concludes" if then.conclude else "nothing follows from it"
        yield Told(("then",), said, "Say what it raises, or which playbook it calls for.", "raise: {likelihood: 3, impact: 3}")


@each("rule-failover-empty", "`failover` asks for a plan, and `lose` does not say for what.")
def failover_empty(outline: Outline, _pack: Pack) -> Iterator[Told]:
    then = outline.rule.then
    if then.failover != "none" and not then.lose:
        message = f"failover: {then.failover} asks for a plan, but not for the loss of what"
        yield Told(("then", "failover"), message, "Say what is lost.", 'lose: [{ref: "site:$site"}]')


@each("rule-needs-draft", "The rule waits for a conclusion that only draft rules make, so that it never fires.")
def needs_draft(outline: Outline, pack: Pack) -> Iterator[Told]:
    if outline.rule.status not in LIVE:
        return
    for number in outline.positive:
        makers = pack.makers.get(outline.patterns[number].fact or "", ())
        if makers and all(rule.status == "draft" for rule in makers):
            message = (
                f"only drafts conclude '{outline.patterns[number].fact}' ({makers[0].id}), and drafts run in their tests alone"
            )
            yield Told((*outline.places[number], "fact"), message, "Take the other rule out of draft first.", "status: test")
