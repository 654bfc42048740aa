"""Results kept by text, as much of them as so many bytes of text gave: an editor makes a new text with every keystroke."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Concatenate, Generic, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Remembered(Generic[_P, _R]):
    """A function of a text that computes nothing twice; what was asked for longest ago is forgotten first."""

    def __init__(self, compute: Callable[Concatenate[bytes, _P], _R], limit: int) -> None:
        self._compute = compute
        self.limit = limit
        self._known: OrderedDict[tuple[object, ...], _R] = OrderedDict()
        self._size = 0
        self._lock = Lock()
        self.misses = 0
        """How often it was computed, for tests and measurements."""

    def __call__(self, text: bytes, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        key = (text, *args, *kwargs.values())
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        found = self._compute(text, *args, **kwargs)
        with self._lock:
            self.misses += 1
            if key not in self._known:
                self._known[key] = found
                self._size += len(text)
            while self._size > self.limit and len(self._known) > 1:
                (oldest, *_), _ = self._known.popitem(last=False)
                assert isinstance(oldest, bytes)
                self._size -= len(oldest)
        return found

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()
            self._size = 0


def remember(limit: int) -> Callable[[Callable[Concatenate[bytes, _P], _R]], Remembered[_P, _R]]:
    """Keep the results of a function of a text, for ``limit`` bytes of texts in all."""

    def decorate(compute: Callable[Concatenate[bytes, _P], _R]) -> Remembered[_P, _R]:
        return Remembered(compute, limit)

    return decorate
