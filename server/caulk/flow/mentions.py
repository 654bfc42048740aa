"""Whether a text calls what may acquire something, judged by its words and by what stands around them: no parse, and every
doubt counts as yes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from caulk.semantics.packages import PackageFile

_NEVER = 99
"""The least number of results of what does not exist."""


class Acquirers:
    """What a file can call to acquire something.

    ``functions`` are those of each imported package; ``methods`` and ``plain`` (names without a package in front) say how many
    results a call has at least; ``is_known`` says of a package that nothing else in it acquires."""

    def __init__(
        self,
        file: PackageFile,
        functions: Mapping[str, Iterable[str]],
        methods: Mapping[bytes, int],
        plain: Mapping[bytes, int],
        is_known: Callable[[str], bool],
    ) -> None:
        self._file = file
        self._functions: dict[bytes, set[str]] = {}
        for path, names in functions.items():
            for name in names:
                self._functions.setdefault(name.encode(), set()).add(path)
        self._methods = methods
        self._plain = plain
        self._is_known = is_known
        self.words = frozenset((*self._functions, *methods, *plain))

    def any_in(self, words: frozenset[bytes], code: bytes, start: int) -> bool:
        """Whether one of them may be called in ``code`` from ``start`` on; ``words`` are the words of it."""
        return any(
            self._may_acquire(word, code, at, at + len(word) + 1)
            for word in words & self.words
            for at in _calls(word, code, start)
        )

    def _may_acquire(self, word: bytes, code: bytes, at: int, end: int) -> bool:
        """Whether the call of a word that stands at ``at`` may acquire something; its arguments begin at ``end``."""
        dot = at - 1
        while dot > 0 and code[dot : dot + 1].isspace():
            dot -= 1
        if code[dot : dot + 1] != b".":
            return word in self._plain or (word in self._functions and bool(self._file.dot_imports))
        base = _NAME_AT_END.search(code, max(0, dot - 80), dot)
        path = self._file.path_of(base[1].decode("ascii")) if base is not None else None
        if base is not None and path is not None:
            if path in self._functions.get(word, ()):
                return True
            if not _declares(base[1]).search(code):
                return not self._is_known(path)
        results = min(self._methods.get(word, _NEVER), self._plain.get(word, _NEVER))
        return results < _NEVER and (results < 2 or self._may_give_several(code, dot, end))

    def _may_give_several(self, code: bytes, dot: int, end: int) -> bool:
        """Whether a call stands where several results can be taken: assigned to several names, returned, handed on as a
        whole, or thrown away. Its name comes after the dot."""
        if code[end - 1 : end] == b"[":
            return True
        line = code.rfind(b"\n", 0, dot) + 1
        before = code[max(line, code.rfind(b";", line, dot) + 1, code.rfind(b"{", line, dot) + 1) : dot]
        opened = _opened(before)
        if opened >= 0:
            return _ALONE.match(before, opened + 1) is not None and self._may_take_several(before[:opened])
        assignments = list(_ASSIGNMENT.finditer(before))
        if assignments:
            return b"," in before[: assignments[-1].start()]
        statement = before.lstrip()
        if _HEADER.match(statement) or b":" in statement or b"," in statement:
            return False
        return code[_closing(code, end) :][:2].lstrip(b" \t")[:1] in _ENDS

    def _may_take_several(self, callee: bytes) -> bool:
        """Whether what is called with the results may be a function of several parameters: none of the standard library's
        is given a resource and an error."""
        match = _QUALIFIED_AT_END.search(callee)
        if match is None or match[1] is None:
            return match is None or match[2] not in _BUILTINS
        path, name = self._file.path_of(match[1].decode("ascii")), match[2]
        return path is None or not self._is_known(path) or name == b"Must"


def is_called(word: bytes, code: bytes, start: int) -> bool:
    """Whether something of that name is called, or instantiated, from ``start`` on."""
    return next(_calls(word, code, start), -1) >= 0


_NAME_AT_END = re.compile(rb"(?<![\w.)\]])(\w+)\s*\Z")


def _calls(word: bytes, code: bytes, start: int) -> Iterator[int]:
    """Where the word is called or instantiated. (To compile a pattern for each of thousands of words takes too long.)"""
    for call in (word + b"(", word + b"["):
        at = code.find(call, start)
        while at >= 0:
            if not at or not _WORD.match(code, at - 1):
                yield at
            at = code.find(call, at + 1)


_WORD = re.compile(rb"\w")


@lru_cache(maxsize=1024)
def _declares(name: bytes) -> re.Pattern[bytes]:
    """Matches where a local name hides that of an import."""
    return re.compile(rb"(?<![\w.])" + re.escape(name) + rb"(?:(?:\s*,\s*\w+)*\s*:=|\s+[\w*\[])")


_ASSIGNMENT = re.compile(rb"(?<![=!<>]):?=(?!=)")
_ALONE = re.compile(rb"[^,+=<>!|:]*\Z")
_BRACKETS = re.compile(rb"[()]")
_HEADER = re.compile(rb"(?:\}?\s*else\s+)?(?:if|for|switch|case)\b")
_QUALIFIED_AT_END = re.compile(rb"(?:(\w+)\.)?(\w*)\s*\Z")
_BUILTINS = frozenset((b"len", b"string", b"append", b"byte", b"panic", b"print", b"println", b"int"))
_ENDS = frozenset((b"", b"\n", b"\r", b";", b"}", b"/"))
"""What may stand behind a statement."""


def _opened(before: bytes) -> int:
    """The offset of the last parenthesis in a text that nothing closes there; -1 for none."""
    open_: list[int] = []
    for match in _BRACKETS.finditer(before):
        if match[0] == b"(":
            open_.append(match.start())
        elif open_:
            open_.pop()
    return open_[-1] if open_ else -1


def _closing(code: bytes, start: int) -> int:
    """The offset behind the parenthesis that closes the one before ``start``."""
    depth = 1
    for match in _BRACKETS.finditer(code, start):
        depth += 1 if match[0] == b"(" else -1
        if not depth:
            return match.end()
    return len(code)
