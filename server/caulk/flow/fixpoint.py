"""Answers that need themselves: recursive functions are solved by assuming the least answer and trying again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

MAX_ROUNDS = 4
"""How often an answer is tried again before the cautious one is given."""
MAX_PROVISIONAL = 16
"""How often a question inside a cycle is answered anew before the cautious answer is given."""

_NONE = 1 << 30

T = TypeVar("T")


class Fixpoint(Generic[T]):
    """Remembers answers by their question. ``cautious`` is the answer when no fixpoint is found."""

    def __init__(self, cautious: T) -> None:
        self._cautious = cautious
        self._answers: dict[Hashable, T] = {}
        self._assumed: dict[Hashable, T] = {}
        self._depth: dict[Hashable, int] = {}
        self._rounds: dict[Hashable, int] = {}
        self._reaches = _NONE
        """The outermost open question that the answer being computed relied on, by its depth."""

    def forget(self, is_gone: Callable[[Any], bool]) -> None:
        """The answers to these questions may be others now."""
        for known in (self._answers, self._rounds, self._depth):
            for question in [question for question in known if is_gone(question)]:
                del known[question]

    def solve(self, question: Hashable, least: T, compute: Callable[[], T]) -> T:
        """The answer to ``question``; a question inside its own computation is answered with what is assumed so far."""
        if question in self._answers:
            return self._answers[question]
        if question in self._assumed:
            self._reaches = min(self._reaches, self._depth[question])
            return self._assumed[question]
        self._rounds[question] = self._rounds.get(question, 0) + 1
        if self._rounds[question] > MAX_PROVISIONAL:
            self._answers[question] = self._cautious
            return self._cautious
        depth = len(self._assumed)
        outside, self._reaches = self._reaches, _NONE
        self._depth[question] = depth
        try:
            answer = self._stable(question, least, compute, depth)
        finally:
            self._assumed.pop(question, None)
            inner, self._reaches = self._reaches, outside
        if inner < depth:  # true only as long as an outer assumption is
            self._reaches = min(self._reaches, inner)
        else:
            self._answers[question] = answer
        return answer

    def _stable(self, question: Hashable, least: T, compute: Callable[[], T], depth: int) -> T:
        assumed = least
        for _ in range(MAX_ROUNDS):
            self._assumed[question] = assumed
            answer = compute()
            if self._reaches > depth or answer == assumed:
                return answer
            assumed = answer
        return self._cautious
