"""Data of one request in a variable that all requests share."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.evidence_requests import SharedState, StoredUse
from caulk.findings.finding import Finding, Related, Span, Tier
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.requests import PACKAGES, Framework, RequestCode, framework_of, parents
from caulk.ir import nodes as ir
from caulk.ir.visit import expressions, statements
from caulk.rules.naming import free_name
from caulk.rules.requests.shared_targets import grows, is_guarded, is_request_data, shared_by
from caulk.rules.rule import Rule
from caulk.semantics.model import Basic


def _check(program: Program) -> Iterator[Finding]:
    for code in program.requests:
        body = code.function.body
        if not code.is_handler or body is None or is_guarded(code):
            continue
        for statement in statements(body):
            if isinstance(statement, ir.Assign) and statement.op == "=":
                yield from _assignment(code, statement)


def _assignment(code: RequestCode, statement: ir.Assign) -> Iterator[Finding]:
    paired = len(statement.left) == len(statement.right)
    for number, target in enumerate(statement.left):
        value = statement.right[number] if paired else statement.right[0]
        if grows(code, target, value) or not is_request_data(code, target, value):
            continue
        if framework_of(code.unit.typer.type_of(value)) is not None:
            continue  # the request itself: the rules about retained requests say more
        where = shared_by(code, target)
        if where:
            yield _finding(code, statement, target, where)


def _finding(code: RequestCode, statement: ir.Assign, target: ir.Expr, where: str) -> Finding:
    unit = code.unit
    name = unit.source_text(target)
    related = [Related(Span(*unit.span(statement)), "written by every request")]
    declaration = _declaration(unit, target)
    if declaration is not None:
        related.append(Related(Span(*unit.span(declaration)), "shared by all requests"))
    return Finding(
        code="shared-request-state",
        path=unit.file.path,
        span=Span(*unit.span(target)),
        message=f"{name} ({where}) gets data of this request and is read by others: a response can be made from another user's data",
        evidence=_evidence(code, statement, target, declaration),
        related=tuple(related),
        function=Span(unit.chunk.start, unit.chunk.end),
    )


def _declaration(unit: FunctionUnit, target: ir.Expr) -> ir.Assign | None:
    """The statement of the function that declares the captured variable."""
    symbol = target.symbol if isinstance(target, ir.Name) else None
    if symbol is None or symbol.function.body is None:
        return None
    for statement in statements(symbol.function.body):
        if isinstance(statement, ir.Assign) and any(new is symbol for new in statement.new):
            return statement
    return None


def _evidence(code: RequestCode, statement: ir.Assign, target: ir.Expr, declaration: ir.Assign | None) -> SharedState:
    unit = code.unit
    simple = (
        declaration is not None
        and declaration.op == "var"
        and not declaration.right
        and len(declaration.left) == 1
        and len(statement.left) == 1
    )
    operator = unit.text.find(b"=", target.end, statement.end)
    uses, whole, written = _storage(code, target, declaration if simple else None)
    name = unit.source_text(target)
    setter, lookup = _STORAGE.get(code.framework, ("", ""))
    readable = bool(lookup) or code.framework is Framework.HTTP
    return SharedState(
        name=unit.source_text(target),
        declaration=unit.span(declaration) if simple and declaration is not None else None,
        assignment=unit.span(statement),
        operator=(unit.offset(operator), unit.offset(operator + 1)),
        only_in_handler=simple and _only_in_handler(code, statement, target),
        getter=_getter(code, target),
        setter=setter,
        lookup=lookup,
        parameter=_parameter(code),
        type_name=written,
        key_name=free_name(unit, f"{name}Key", package_level=True) if uses else "",
        reader_name=free_name(unit, f"{name}Of", package_level=True) if uses and readable else "",
        function_end=unit.chunk.end,
        uses=uses,
        whole_declaration=whole,
    )


_STORAGE = {
    Framework.GIN: ("Set", ""),
    Framework.ECHO: ("Set", "Get"),
    Framework.FIBER: ("Locals", "Locals"),
}
"""The methods by which a context keeps a value by a name, and gives it back as ``any``."""


def _parameter(code: RequestCode) -> str:
    """The type of the request, as the handler writes it."""
    for param in code.function.params:
        if param.symbol is code.context:
            return code.unit.source_text(param.type)
    return ""


def _getter(code: RequestCode, target: ir.Expr) -> str:
    type_ = code.unit.typer.type_of(target)
    is_gin = code.framework is Framework.GIN
    return _GETTERS.get(type_.name, "") if is_gin and isinstance(type_, Basic) else ""


_GETTERS = {
    "string": "GetString",
    "bool": "GetBool",
    "int": "GetInt",
    "int64": "GetInt64",
    "uint": "GetUint",
    "float64": "GetFloat64",
}
"""gin's typed reads: the zero value when nothing was set, as a variable has it."""


def _storage(
    code: RequestCode, target: ir.Expr, local: ir.Assign | None
) -> tuple[tuple[StoredUse, ...], tuple[int, int] | None, str]:
    """How the variable could live in the request instead: all its uses, its declaration, its type as written there."""
    if not isinstance(target, ir.Name):
        return (), None, ""
    if target.symbol is not None:
        declared = (code.unit.span(local), local.type) if local is not None else None
        uses = _uses_in(code.unit, target, code.framework, declared_at=target.symbol.start)
    else:
        declared = _package_declaration(code.unit, target)
        uses = _package_uses(code, target)
    if not uses or declared is None:
        return (), None, ""
    whole, type_ = declared
    if type_ is None:
        return (), None, ""
    start, end = code.unit.span(type_) if target.symbol is not None else code.unit.file.span(type_)
    return uses, whole, code.unit.file.source.text(start, end)


def _package_declaration(unit: FunctionUnit, target: ir.Name) -> tuple[tuple[int, int], ir.TypeExpr | None] | None:
    """``var name type`` on a line of its own in this file, not seen by other packages."""
    declared = unit.typer.package_symbol(target)
    node = declared.node if declared is not None else None
    if not isinstance(node, ir.ValueDecl) or declared is None or declared.file is not unit.file.package_file:
        return None
    first, end = unit.file.span(node)
    start = unit.file.source.line_start(first)
    alone = unit.file.source.data[start:first] == b"var " and len(node.names) == 1 and not node.values
    return ((start, end), node.type) if alone and not target.name[:1].isupper() else None


def _package_uses(code: RequestCode, target: ir.Name) -> tuple[StoredUse, ...]:
    """The uses of a package variable, when all stand in this file's request code."""
    found: list[StoredUse] = []
    for unit in code.unit.program.mentioning(target.name.encode()):
        uses = _uses_in(unit, target, code.framework, declared_at=-1)
        if unit.file is not code.unit.file or not uses:
            return ()
        found += uses
    return tuple(found)


def _uses_in(unit: FunctionUnit, target: ir.Name, framework: Framework, declared_at: int) -> tuple[StoredUse, ...]:
    """The uses in one function; empty when one of them could not go through a context (or there is none)."""
    above = parents(unit.function)
    found: list[StoredUse] = []
    for inner in unit.function.walk():
        code = unit.program.requests.of(inner)
        for part in expressions(inner.body) if inner.body is not None else ():
            if not isinstance(part, ir.Name) or part.name != target.name or part.symbol is not target.symbol:
                continue
            if part.start == declared_at:
                continue
            use = _stored_use(unit, part, above.get(id(part)), code, framework)
            if use is None:
                return ()
            found.append(use)
    return tuple(found)


def _stored_use(
    unit: FunctionUnit, part: ir.Name, parent: ir.Node | None, code: RequestCode | None, framework: Framework
) -> StoredUse | None:
    if code is None or code.context is None or code.framework is not framework:
        return None
    if isinstance(parent, ir.Assign) and any(left is part for left in parent.left):
        plain = parent.op == "=" and len(parent.left) == len(parent.right) == 1
        return StoredUse(code.context.name, *unit.span(part), unit.span(parent.right[0])) if plain else None
    if isinstance(parent, ir.IncDec | ir.Range) or (isinstance(parent, ir.Unary) and parent.op == "&"):
        return None
    return StoredUse(code.context.name, *unit.span(part))


def _only_in_handler(code: RequestCode, statement: ir.Assign, target: ir.Expr) -> bool:
    """Whether the assignment could declare the variable: it stands in the handler's outermost block, every other use comes
    after it, and none is outside the handler."""
    body = code.function.body
    symbol = target.symbol if isinstance(target, ir.Name) else None
    if body is None or symbol is None or not any(inner is statement for inner in body.statements):
        return False
    above = parents(code.unit.function)
    for part in expressions(symbol.function.body, literals=True) if symbol.function.body else ():
        if not isinstance(part, ir.Name) or part.symbol is not symbol:
            continue
        declares = isinstance(above.get(id(part)), ir.Assign) and part.start == symbol.start
        if not declares and not statement.start <= part.start < body.end:
            return False
    return True


RULE = Rule(
    module=__name__,
    code="shared-request-state",
    tier=Tier.CORE,
    summary="data of one request is kept in a variable that all requests share",
    check_package=_check,
    needs=PACKAGES,
    fix="safe",
)
