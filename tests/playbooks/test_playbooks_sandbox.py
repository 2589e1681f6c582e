"""What a template may not do ends in a fault that names its line, and soon."""

from __future__ import annotations

import time

import pytest
from sample_plan import NETWORK, ROLES, SETTINGS, situation

from riskreg.model.faults import FaultError, Span
from riskreg.model.playbook import PlaybookTemplate
from riskreg.playbooks import check, general, render


def template(body: str, line: int = 10) -> PlaybookTemplate:
    return PlaybookTemplate(
        id="site-x", version=1, title="X", category="site-loss", owner="duty-manager", summary="x", kind="continuity",
        body=body, span=Span(path="playbooks/x.md.j2", line=line, col=1),
    )  # fmt: skip


ESCAPES = {
    "class of a string": ("{{ ''.__class__.__mro__ }}", "template-field"),
    "class by item": ("{{ ''['__class__'] }}", "template-field"),
    "class by filter": ("{{ [scope]|map(attribute='__class__')|join }}", "template-field"),
    "whole list": ("{{ [1, 2] }}", "template-fails"),
    "whole model": ("{{ playbook }}", "template-fails"),
    "globals of a macro": ("{{ part.step.__globals__ }}", "template-field"),
    "method of a model": ("{{ playbook.model_copy() }}", "template-field"),
    "method of a string": ("{{ 'x'.upper() }}", "template-field"),
    "format": ("{{ '{0.__class__}'.format(scope) }}", "template-field"),
    "attr filter": ("{{ scope|attr('__class__') }}", "template-filter"),
    "config": ("{{ config }}", "template-name"),
    "self": ("{{ self._TemplateReference__context }}", "template-name"),
    "call of data": ("{{ title() }}", "template-unsafe"),
    "long range": ("{% for i in range(10**9) %}x{% endfor %}", "template-unsafe"),
    "plain long range": ("{% for i in range(1000000000) %}x{% endfor %}", "template-limit"),
    "far range": ("{{ range(99999999999999999999)|length }}", "template-limit"),
    "loops in loops": ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "template-limit"),
    "loops over data": (
        "{% set s = 'abcdefghijklmnopqrstuvwxyz' %}" + "".join(f"{{% for a{n} in s %}}" for n in range(8)) + "{% endfor %}" * 8,
        "template-limit",
    ),
    "long text in a loop": ("{% for i in range(40000) %}" + "x" * 1000 + "{% endfor %}", "template-limit"),
    "long text in a set": ("{% set t %}{% for i in range(40000) %}" + "x" * 1000 + "{% endfor %}{% endset %}", "template-limit"),
    "repeated text": ("{{ 'x' * 10**9 }}", "template-unsafe"),
    "repeated list": ("{{ [0] * 1000000000 }}", "template-unsafe"),
    "padded text": ("{{ 'x'|center(1000000000) }}", "template-filter"),
    "formatted text": ("{{ '%1000000000d' % 1 }}", "template-unsafe"),
    "joined text": ("{{ 'a' ~ 'b' }}", "template-unsafe"),
    "doubled text": (
        "{% set a = 'xxxxxxxxxxxxxxxx' %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40 + "{{ a|length }}",
        "template-limit",
    ),
    "large number": ("{{ 999999999 * 999999999 * 999999999 }}", "template-limit"),
    "power": ("{{ 9 ** 9 }}", "template-unsafe"),
    "recursion": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "template-limit"),
    "branching recursion": (
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "template-limit",
    ),
    "include of a file": ("{% include '/etc/passwd' %}", "template-unsafe"),
    "import of a fragment": ("{% import 'act.md.j2' as act %}", "template-unsafe"),
    "inheritance": ("{% extends 'base.html' %}", "template-unsafe"),
    "unknown name": ("{{ scop.name }}", "template-name"),
    "unknown filter": ("{{ scope.name|positon }}", "template-filter"),
    "unknown test": ("{% if scope is bad %}{% endif %}", "template-test"),
    "unknown field": ("{{ scope.nam }}", "template-field"),
    "unknown macro": ("{{ part.nothing() }}", "template-field"),
    "empty value": ("{{ plan }}", "template-fails"),
    "division": ("{{ 1 / 0 }}", "template-fails"),
    "not closed": ("{% if scope %}", "template-syntax"),
    "nested too deeply": ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "template-syntax"),
    "too many blocks": ("{% for a in 'a' %}" * 40 + "{% endfor %}" * 40, "template-fails"),
}


@pytest.mark.parametrize("name", ESCAPES)
def test_what_a_template_may_not_do_is_a_fault_with_its_line(name: str) -> None:
    body, code = ESCAPES[name]
    begun = time.process_time()
    faults = check(template(f"A first line.\n\n{body}\n"))
    assert time.process_time() - begun < 5
    assert [fault.code for fault in faults][:1] == [code], faults
    # the third line of a body that begins under line 10; where Python itself refuses to compile, only the file is known
    assert faults[0].span.path == "playbooks/x.md.j2"
    if name not in {"too many blocks", "nested too deeply"}:
        assert (faults[0].span.line, faults[0].span.col) == (13, 1)
    assert faults[0].hint
    assert faults[0].example


def test_every_fault_of_a_template_is_found_in_one_pass() -> None:
    faults = check(template("{{ scop.name }}\n{{ 1|positon }}\n{% include 'x' %}\n{{ rolls }}\n"))
    assert [(fault.span.line, fault.code) for fault in faults] == [
        (11, "template-name"), (12, "template-filter"), (13, "template-unsafe"), (14, "template-name"),
    ]  # fmt: skip
    assert "scope" in faults[0].hint
    assert "positions" in faults[1].hint


def test_a_fault_that_shows_only_with_data_has_its_line_too() -> None:
    bad = template("{% if plan %}\n{{ plan.nothing }}\n{% endif %}\n")
    assert check(bad) == ()
    with pytest.raises(FaultError) as caught:
        render(bad, situation("site-x"), network=NETWORK, roles=ROLES, settings=SETTINGS)
    assert str(caught.value.faults[0].span) == "playbooks/x.md.j2:12:1"


def test_a_fault_inside_a_shipped_macro_is_placed_where_the_template_calls_it() -> None:
    bad = template("one\n{{ part.tasks([{'role': 'it-lead'}]) }}\n")
    (fault,) = check(bad)
    assert (fault.span.line, fault.code) == (12, "template-field")


def test_the_size_of_a_body_is_bounded() -> None:
    (fault,) = check(template("x" * 64_001))
    assert fault.code == "template-too-large"
    with pytest.raises(FaultError):
        general(template("x" * 64_001), network=NETWORK, roles=ROLES, settings=SETTINGS)


def test_a_budget_is_for_one_rendering_only() -> None:
    heavy = template("{% for i in range(20000) %}x{% endfor %}")
    for _ in range(5):
        assert len(general(heavy, network=NETWORK, roles=ROLES, settings=SETTINGS).text) == 20_001


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("{{ 7 // 2 }} {{ 7 % 2 }} {{ 1 + 0.5 }}", "3 1 1.5"),
        ("{% for x in [3, 1, 2]|sort %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "1, 2, 3"),
        ("{{ ['b', 'a']|join(' · ') }} {{ 'ab'|upper }} {{ 'ab'|cap }}", "b · a AB Ab"),
        ("{{ roles['duty-manager'].holder }}", "Callum Wraith"),
        ("{{ 75|positions }}, {{ 14400|duration }}, {{ 1200000|money(currency) }}", "7.5\u00a0positions, 4\u00a0h, £1.2m"),
        ("{% macro hi(x) %}**{{ x }}**{% endmacro %}{{ hi('a*b') }}", "**a&#42;b**"),
        ("{{ 'x' if not general else 'y' }}", "y"),
    ],
)
def test_what_a_template_may_do(body: str, text: str) -> None:
    assert check(template(body)) == ()
    assert general(template(body), network=NETWORK, roles=ROLES, settings=SETTINGS).text == text + "\n"
