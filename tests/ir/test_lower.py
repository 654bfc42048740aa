"""Lowering: names bound to symbols, the traps of the grammar, broken code."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caulk.ir import nodes as ir
from caulk.ir.lower import lower_function
from caulk.ir.visit import expressions, statements


def function(body: str, head: str = "func f(a int, err error)") -> ir.Function:
    lowered = lower_function(f"{head} {{\n{body}\n}}".encode())
    assert lowered is not None
    return lowered


def names(lowered: ir.Function, name: str) -> list[ir.Name]:
    assert lowered.body is not None
    return [e for e in expressions(lowered.body, literals=True) if isinstance(e, ir.Name) and e.name == name]


def test_short_declaration_reuses_what_the_scope_has() -> None:
    lowered = function("x, err := g()\nif true {\n y, err := g()\n _ = y\n _ = err\n}\n_ = x\n_ = err")
    assert lowered.params[1].symbol is names(lowered, "err")[0].symbol  # parameters and body share a scope
    inner = names(lowered, "err")[1].symbol
    assert inner is not lowered.params[1].symbol
    assert names(lowered, "err")[2].symbol is inner
    assert names(lowered, "err")[3].symbol is lowered.params[1].symbol


def test_right_sides_are_evaluated_before_binding() -> None:
    lowered = function("{\n a := a\n _ = a\n}")
    uses = names(lowered, "a")
    assert uses[0].symbol is lowered.params[0].symbol
    assert uses[1].symbol is not lowered.params[0].symbol


def test_captures_and_literals() -> None:
    lowered = function("n := 1\ng := func() { n++ }\ng()\nh := func() {}\nh = nil\n_ = h")
    symbols = {symbol.name: symbol for symbol in lowered.symbols}
    assert symbols["n"].captured and symbols["n"].assigned == 1
    assert symbols["g"].literal is not None
    assert symbols["h"].literal is None


def test_type_switch_has_a_symbol_for_each_clause() -> None:
    lowered = function("switch x := v.(type) {\ncase int:\n _ = x\ncase string, bool:\n _ = x\ndefault:\n _ = x\n}")
    symbols = [use.symbol for use in names(lowered, "x")]
    assert len(set(map(id, symbols))) == 3
    first = symbols[0]
    assert first is not None and first.definition is not None and len(first.definition.types) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("f(x)", ir.Call),
        ("g[int](x)", ir.Call),
        ("[]byte(x)", ir.Call),
        ("*(*T)(p)", ir.Unary),
        ("fns[i](x)", ir.Call),
        ("m[a.b][c.d]", ir.Index),
        ("new(T)", ir.Call),
        ("x.(T)", ir.Assertion),
        ("T{a: 1}", ir.Composite),
        ("<-ch", ir.Unary),
        ("(a)", ir.Name),
        ("func() {}", ir.FuncLit),
    ],
)
def test_traps_of_the_grammar(text: str, kind: type[ir.Node]) -> None:
    lowered = function(f"_ = {text}")
    assert lowered.body is not None and not lowered.has_errors
    (statement,) = lowered.body.statements
    assert isinstance(statement, ir.Assign) and isinstance(statement.right[0], kind)


def test_conversion_target_is_kept() -> None:
    lowered = function("_ = g[int](x)")
    call = next(e for e in expressions(lowered.body) if isinstance(e, ir.Call))  # type: ignore[arg-type]
    assert isinstance(call.func, ir.Index) and isinstance(call.func.base, ir.Name)


def test_broken_statements_keep_their_neighbours() -> None:
    lowered = function("x := 1\ny := = 2\nz(x)")
    assert lowered.has_errors and lowered.body is not None
    assert any(isinstance(e, ir.Call) for e in expressions(lowered.body))


def test_deep_nesting_does_not_overflow() -> None:
    lowered = function("_ = " + "(" * 3000 + "1" + ")" * 3000)
    assert lowered.body is not None


@settings(max_examples=60)
@given(st.integers(0, 120), st.sampled_from([b"{", b"}", b"(", b")", b"=", b"func", b"\xff", b"\x00"]))
def test_never_raises(at: int, inserted: bytes) -> None:
    text = b"func f(x int) error {\n\tif y, err := g(x); err != nil {\n\t\treturn err\n\t}\n\tgo func() { h(y) }()\n\treturn nil\n}"
    lowered = lower_function(text[:at] + inserted + text[at:])
    if lowered is not None and lowered.body is not None:
        list(statements(lowered.body, literals=True))
