"""One contract, and what its table says about other functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

CALL_ITSELF = "()"
"""The release of a function value: calling it."""

RECEIVER = -1
"""Stands for the receiver where else the number of an argument does."""

Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class ReleaseFunction:
    """A function that releases the value which it is given."""

    name: str
    """``github.com/valyala/fasthttp.ReleaseRequest``, ``example.com/app/pool.Pool.Put``."""
    argument: int
    """Which argument is the value."""
    by_owner: bool
    """Whether it is a method of what the value was acquired from."""


NOT_AT_HAND = "?"
"""The ``release_argument`` of a release that a person has to write: it wants arguments, or does more than to release."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One obligation. ``kind`` groups contracts that the engine treats alike (``rows`` end when Next is false)."""

    code: str
    kind: str
    noun: str
    why: str
    must_call: frozenset[str]
    release: str
    """The method that a fix calls: the first of ``must_call`` as written; empty when only a function releases."""
    release_function: ReleaseFunction | None = None
    result: int = 0
    maybe_nil: bool = False
    """Whether the call may give nil and no error: a release asks first. Found out, never written in a table."""
    given: int | None = None
    """For a value that is not a result: the number of the argument, or RECEIVER, that has to be released."""
    unless_error: int | None = None
    """Index of the error result: no obligation when that is non-nil. None when the call cannot fail."""
    resource: tuple[str, ...] = ()
    """The access path from the result to what must be released (``Body``)."""
    returns_error: bool = True
    """Whether the release returns an error."""
    release_argument: str = ""
    """``context``, ``nil`` or ``argument N`` (of the acquiring call): what the release is called with; empty for nothing, NOT_AT_HAND
    when nobody knows how to call it."""
    idempotent: bool = False
    """Whether the release may come after another one (``Rollback`` after ``Commit``): a defer never hurts."""
    nil_safe: bool = False
    """Whether the release may be called on nil."""
    never_only: bool = False
    """Report only when no path at all releases it: error paths may abandon the value."""
    inline: bool = False
    """Whether using the result on the spot (``pool.Get().Do(…)``) loses it."""
    discard_ok: bool = False
    """Whether the result may be thrown away."""
    released_by: frozenset[str] = frozenset()
    """Methods whose false edge releases (``Next``)."""
    released_by_failure: frozenset[str] = frozenset()
    """Methods that release it when they return an error (``Scan`` of pgx)."""
    exhausted_by: frozenset[str] = frozenset()
    """Methods that give a channel which is closed when the resource has ended by itself (``ResultChan``)."""
    error_field: str = ""
    """The field of the result that is non-nil when the call failed (gorm's ``Error``)."""
    owner: int = RECEIVER
    """What it is acquired from: the receiver of the call, or the argument of that number."""
    owner_releases: frozenset[str] = frozenset()
    """Methods of its owner that release it too (``Commit`` the rows of a transaction)."""
    tier: str = ""
    """The tier when it is not that of the rule."""
    since_go: Version | None = None
    until_toolchain: Version | None = None
    discard_code: str = ""
    overwrite_code: str = ""
    released_through: str = ""
    """For a value that owns the resource: its method that releases it."""
    ok_result: int | None = None
    """Index of a bool result that is true exactly when the resource exists."""
    companion: int | None = None
    """Index of a function result that releases the resource (``f, closeIt, err := open()``)."""

    @property
    def release_name(self) -> str:
        """The last name of what releases it."""
        function = self.release_function
        return self.release or (function.name.rpartition(".")[2] if function is not None else "")

    @property
    def results(self) -> int:
        """How many results the call has at least."""
        numbers = (self.unless_error, self.ok_result, self.companion, self.result if self.given is None else None)
        return 1 + max((number for number in numbers if number is not None), default=0)

    def in_force(self, language: Version | None, toolchain: Version | None) -> bool:
        """Whether it is known to apply to code of that Go version (None: unknown), built by that toolchain (None: by that of
        the language)."""
        if self.since_go is not None and (language is None or language < self.since_go):
            return False
        built_with = toolchain or language
        return self.until_toolchain is None or (built_with is not None and built_with < self.until_toolchain)


@dataclass(frozen=True, slots=True)
class TypeContract:
    """The same obligation for any call that returns the type through an interface or a function value."""

    contract: Contract
    names: re.Pattern[str] | None
    """What the called name must look like, when the type alone says too little."""


class Handling(Enum):
    """What a function does with a value that it is given, by the word of a table."""

    OWNING = "takes it over"
    NOT_OWNING = "borrows it"
    ALIAS = "returns something whose release releases it"


HANDLINGS: Mapping[str, Handling] = {
    "owning": Handling.OWNING,
    "not_owning": Handling.NOT_OWNING,
    "alias": Handling.ALIAS,
}
"""By the keys of a table."""


def plain_name(written: str) -> str:
    """``pkg.(*Type).Method`` as callees are called: ``pkg.Type.Method``."""
    return written.replace("(*", "").replace("(", "").replace(")", "")


def contract_of(table: Mapping[str, Any]) -> Contract:
    """The contract that a checked table describes."""
    function = _release_function(table)
    must_call = table.get("must_call", [] if function else ["Close"])
    resource = table.get("resource", "")
    released_by = table.get("released_by", ())
    by_owner = [text.rpartition(".") for text in released_by if "(" not in text]
    return Contract(
        code=table.get("code", "resource-unclosed"),
        kind=table.get("kind", "closer"),
        noun=table.get("noun", "value"),
        why=table.get("why", "is never released"),
        must_call=frozenset(must_call),
        release=must_call[0] if must_call else "",
        release_function=function,
        result=table.get("result", 0),
        given=_given(table.get("resource_from", "")),
        unless_error=table.get("unless_error"),
        resource=tuple(resource.split(".")) if resource else (),
        returns_error=table.get("returns_error", function is None and must_call[0] != CALL_ITSELF),
        release_argument=table.get("release_argument", ""),
        idempotent=table.get("idempotent", False),
        nil_safe=table.get("nil_safe_release", False),
        never_only=table.get("never_only", False),
        inline=table.get("inline", False),
        discard_ok=table.get("discard_ok", False),
        released_by=frozenset(text.partition("(")[0] for text in released_by if text.endswith("== false")),
        released_by_failure=frozenset(text.partition("(")[0] for text in released_by if text.endswith("!= nil")),
        exhausted_by=frozenset(text[6:].partition("(")[0] for text in released_by if text.startswith("range ")),
        error_field=table.get("error_field", ""),
        owner=next((number for who, _, _ in by_owner if (number := argument_number(who)) is not None), RECEIVER),
        owner_releases=frozenset(method for _, _, method in by_owner),
        tier=table.get("tier", ""),
        since_go=_version(table.get("since_go")),
        until_toolchain=_version(table.get("until_toolchain")),
        discard_code=table.get("discard_code", ""),
        overwrite_code=table.get("overwrite_code", ""),
        ok_result=table.get("ok_result"),
    )


def _release_function(table: Mapping[str, Any]) -> ReleaseFunction | None:
    written = table.get("release")
    if written is None:
        return None
    return ReleaseFunction(
        plain_name(written), argument_number(table.get("released", "argument 0")) or 0, "(" in written
    )


def _given(written: str) -> int | None:
    return RECEIVER if written == "receiver" else argument_number(written)


def argument_number(written: str) -> int | None:
    """N of ``argument N``; None for anything else."""
    word, _, number = written.partition(" ")
    return int(number) if word == "argument" and number.isdigit() else None


def _version(text: str | None) -> Version | None:
    if text is None:
        return None
    major, _, minor = text.partition(".")
    return int(major), int(minor)
