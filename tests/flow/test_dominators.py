"""Dominators of small graphs, and what lies between."""

from __future__ import annotations

from caulk.flow import cfg
from caulk.flow.dominators import between, immediate_dominators
from caulk.ir.lower import lower_function


def graph_of(body: str) -> cfg.Graph:
    function = lower_function(f"func f(a, b bool) {{\n{body}\n}}".encode())
    assert function is not None
    return cfg.build(function, lambda _: False)


def test_the_entry_dominates_the_join() -> None:
    graph = graph_of("if a {\n x()\n} else {\n y()\n}\nz()")
    found = immediate_dominators(graph)
    join = next(block for block in graph.blocks if len(block.sources) == 2)
    assert found[join.index] is graph.entry
    assert len(between(graph.entry, join)) == 2


def test_a_loop_lies_between_itself() -> None:
    graph = graph_of("for a {\n x()\n}\ny()")
    found = immediate_dominators(graph)
    head = next(block for block in graph.blocks if len(block.sources) == 2)
    assert found[head.index] is graph.entry
    assert head in between(graph.entry, head)


def test_every_reachable_block_has_one() -> None:
    graph = graph_of("again:\nif a {\n goto again\n}\nswitch {\ncase b:\n return\n}\nx()")
    assert set(immediate_dominators(graph)) == {block.index for block in graph.reachable()} - {graph.entry.index}
