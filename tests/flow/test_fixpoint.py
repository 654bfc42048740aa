"""Recursive questions are answered; cycles end."""

from __future__ import annotations

from caulk.flow.fixpoint import MAX_ROUNDS, Fixpoint


def test_a_question_is_computed_once() -> None:
    fixpoint: Fixpoint[int] = Fixpoint(-1)
    asked: list[str] = []

    def compute() -> int:
        asked.append("x")
        return 7

    assert [fixpoint.solve("x", 0, compute) for _ in range(3)] == [7, 7, 7]
    assert asked == ["x"]


def test_recursion_takes_the_least_answer_that_holds() -> None:
    fixpoint: Fixpoint[frozenset[str]] = Fixpoint(frozenset("?"))

    def even() -> frozenset[str]:
        return frozenset("e") | fixpoint.solve("odd", frozenset(), odd)

    def odd() -> frozenset[str]:
        return frozenset("o") | fixpoint.solve("even", frozenset(), even)

    assert fixpoint.solve("even", frozenset(), even) == frozenset("eo")
    assert fixpoint.solve("odd", frozenset(), odd) == frozenset("eo")


def test_what_never_settles_gets_the_cautious_answer() -> None:
    fixpoint: Fixpoint[int] = Fixpoint(-1)
    rounds: list[int] = []

    def compute() -> int:
        rounds.append(1)
        return fixpoint.solve("x", 0, compute) + 1

    assert fixpoint.solve("x", 0, compute) == -1
    assert len(rounds) == MAX_ROUNDS


def test_a_long_cycle_ends() -> None:
    fixpoint: Fixpoint[int] = Fixpoint(-1)
    count = 0

    def node(number: int) -> int:
        nonlocal count
        count += 1
        following = [(number + step) % 12 for step in (1, 5)]
        return min(fixpoint.solve(other, 0, lambda other=other: node(other)) for other in following)

    assert fixpoint.solve(0, 0, lambda: node(0)) in (0, -1)
    assert count < 5000
