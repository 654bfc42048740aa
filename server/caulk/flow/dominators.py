"""Immediate dominators of a control-flow graph (the algorithm of Cooper, Harvey and Kennedy)."""

from __future__ import annotations

from caulk.flow.cfg import Block, Graph


def immediate_dominators(graph: Graph) -> dict[int, Block]:
    """For every reachable block but the entry the nearest block that all ways to it lead by, by the index of the block."""
    order = _reverse_postorder(graph)
    rank = {block.index: number for number, block in enumerate(order)}
    found: dict[int, Block] = {graph.entry.index: graph.entry}
    changed = True
    while changed:
        changed = False
        for block in order[1:]:
            sources = [source for source, _ in block.sources if source.index in found]
            nearest = sources[0]
            for source in sources[1:]:
                nearest = _common(nearest, source, found, rank)
            if found.get(block.index) is not nearest:
                found[block.index] = nearest
                changed = True
    del found[graph.entry.index]
    return found


def _common(left: Block, right: Block, found: dict[int, Block], rank: dict[int, int]) -> Block:
    while left is not right:
        while rank[left.index] > rank[right.index]:
            left = found[left.index]
        while rank[right.index] > rank[left.index]:
            right = found[right.index]
    return left


def _reverse_postorder(graph: Graph) -> list[Block]:
    seen = {graph.entry.index}
    order: list[Block] = []
    stack = [(graph.entry, 0)]
    while stack:
        block, number = stack.pop()
        if number == len(block.edges):
            order.append(block)
            continue
        stack.append((block, number + 1))
        target = block.edges[number].target
        if target.index not in seen:
            seen.add(target.index)
            stack.append((target, 0))
    order.reverse()
    return order


def between(start: Block, end: Block) -> list[Block]:
    """The blocks on the ways from ``start`` to ``end``, both left out unless a way comes by them again."""
    ahead = _reached(start, end, forward=True)
    behind = _reached(end, start, forward=False)
    return [block for index, block in ahead.items() if index in behind]


def _reached(start: Block, stop: Block, *, forward: bool) -> dict[int, Block]:
    found: dict[int, Block] = {}
    todo = [start]
    while todo:
        block = todo.pop()
        following = [edge.target for edge in block.edges] if forward else [source for source, _ in block.sources]
        for other in following:
            if other.index not in found:
                found[other.index] = other
                if other is not stop:
                    todo.append(other)
    return found
