"""Which functions were looked at to say something about which others: what an edit of one body can change.

An editor changes one body at a time. What was found out about all the other functions still holds unless somebody looked at
that body, or asked which bodies have a word that has come or gone. So whoever gets at another function does it through
:class:`~caulk.flow.program.Program`, which notes it here; without a listener that costs next to nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Iterable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit

T = TypeVar("T")

Reader: TypeAlias = Hashable
"""A function about which something was found out, or a rule that looked at the whole package."""
Texts: TypeAlias = tuple[bytes, bytes]
"""The text of a function, with its comments and without."""
FACTS = "facts of the package"
"""Reads for what is compared as a whole after an edit."""
REQUESTS = "request code"
"""Reads for :class:`~caulk.flow.requests.Requests`."""


class Reads:
    """The readers of the bodies of one package."""

    def __init__(self) -> None:
        self.is_kept = False
        """Whether anybody will ask."""
        self.importers: set[str] = set()
        """The directories of the packages that import this one and were looked at."""
        self.of_module = False
        """Whether somebody asked what the texts of the whole module say."""
        self._reading: list[Reader] = []
        self._of_units: dict[FunctionUnit, set[Reader]] = {}
        self._of_words: dict[bytes, set[Reader]] = {}
        self._of_patterns: dict[re.Pattern[bytes], set[Reader]] = {}
        self._of_requests: set[Reader] = set()
        self._of_all: set[Reader] = set()

    def about(self, reader: Reader, compute: Callable[[], T]) -> T:
        """The result of ``compute``, which finds out something about ``reader``."""
        if not self.is_kept:
            return compute()
        self._reading.append(reader)
        try:
            return compute()
        finally:
            self._reading.pop()

    def unit(self, unit: FunctionUnit) -> None:
        """Somebody looks at a function."""
        if self._reading and self._reading[-1] is not unit:
            self._of_units.setdefault(unit, set()).add(self._reading[-1])

    def words(self, words: Iterable[bytes]) -> None:
        """Somebody asks which functions have these words."""
        if self._reading:
            for word in words:
                self._of_words.setdefault(word, set()).add(self._reading[-1])

    def pattern(self, pattern: re.Pattern[bytes]) -> None:
        """Somebody asks where such a text is."""
        if self._reading:
            self._of_patterns.setdefault(pattern, set()).add(self._reading[-1])

    def requests(self) -> None:
        """Somebody asks what runs for requests."""
        if self._reading:
            self._of_requests.add(self._reading[-1])

    def all(self) -> None:
        """Somebody looks at any body that there is."""
        if self._reading:
            self._of_all.add(self._reading[-1])

    def changed(self, edited: FunctionUnit, before: Texts, words: Collection[bytes]) -> set[Reader]:
        """All whose findings may be different since the body was edited; ``words`` came or went."""
        direct = {edited, *self._of_all}
        for word in words:
            direct |= self._of_words.get(word, set())
        for pattern, readers in self._of_patterns.items():
            for old, new in zip(before, (edited.text, edited.code), strict=True):
                if (pattern.search(old) is None) != (pattern.search(new) is None):
                    direct |= readers
        return self.affected(direct)

    def affected(self, readers: Iterable[Reader]) -> set[Reader]:
        """The readers with all that have looked at them."""
        found: set[Reader] = set()
        todo = list(readers)
        while todo:
            reader = todo.pop()
            if reader not in found:
                found.add(reader)
                todo += self._of_units.get(reader, ())  # type: ignore[call-overload]  # rules are looked at by nobody
        return found

    @property
    def of_requests(self) -> set[Reader]:
        return self._of_requests
