"""The package-level declarations of a file: types and values from its skeleton, functions by their heads.

Most functions of most packages are never asked for more than their name, so a head is lowered when somebody wants its
signature."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from caulk.ir import nodes as ir
from caulk.ir.lower import KIND, NAMES, Lowering
from caulk.syntax.split import Split
from caulk.syntax.tree import ERROR, Node, parse

_PARENTHESES = re.compile(rb"[()]")


@dataclass(slots=True, eq=False)
class FunctionHead:
    """A function or method as far as its body."""

    start: int
    """Byte offset in the file."""
    name: str
    receiver: str
    """The name of the receiver's type, without star and type parameters; empty for a plain function."""
    text: bytes
    _function: ir.Function | None = field(default=None, repr=False)

    @property
    def function(self) -> ir.Function:
        """The signature; ``body`` is None, and offsets say nothing."""
        if self._function is None:
            tree = parse(self.text)
            heads = (node for node in tree.root.children if node.kind_id in _FUNCTIONS)
            node = next(heads, None)
            if node is None:
                self._function = ir.Function(0, len(self.text), self.name, None, (), (), None, has_errors=True)
            else:
                self._function = Lowering(tree).function_declaration(node)
                self._function.body = None  # of broken code a piece of the body may be in the text
        return self._function

    @property
    def may_have_results(self) -> bool:
        """False for a function that has no results as far as its parentheses tell."""
        if self._function is not None:
            return bool(self._function.results)
        groups, depth, end = 2 if self.receiver else 1, 0, 0
        for match in _PARENTHESES.finditer(self.text):
            depth += 1 if match[0] == b"(" else -1
            if not depth:
                groups -= 1
                end = match.end()
                if not groups:
                    break
        return groups != 0 or not self.text[end:].isspace()


@dataclass(slots=True, eq=False)
class FileDecls:
    """The package-level declarations of one file. Spans of types and values are byte offsets into the file."""

    package: str
    imports: tuple[ir.ImportDecl, ...]
    types: tuple[ir.TypeDecl, ...]
    values: tuple[ir.ValueDecl, ...]
    functions: tuple[FunctionHead, ...]
    """In order of their place."""
    has_errors: bool = False
    """Whether the skeleton has syntax errors."""


def lower_declarations(split: Split) -> FileDecls:
    """The package-level declarations of a file. Never raises."""
    decls = _Declarations(parse(split.skeleton)).file()
    heads = [
        FunctionHead(head.start, head.name, head.receiver, split.code[head.start : head.end]) for head in split.heads
    ]
    decls.functions = tuple(sorted((*decls.functions, *heads), key=lambda head: head.start))
    return decls


_FUNCTIONS = frozenset((KIND["function_declaration"], KIND["method_declaration"]))


class _Declarations(Lowering):
    """Lowers the tree of a skeleton."""

    def file(self) -> FileDecls:
        package = ""
        imports: list[ir.ImportDecl] = []
        types: list[ir.TypeDecl] = []
        values: list[ir.ValueDecl] = []
        functions: list[FunctionHead] = []
        for node in self._top_level():
            kind = node.kind_id
            if kind == KIND["package_clause"]:
                package = self._slice(self._kids(node)[-1]) if self._kids(node) else ""
            elif kind == KIND["import_declaration"]:
                imports += self._imports(node)
            elif kind == KIND["type_declaration"]:
                types += [spec for child in self._kids(node) if (spec := self._type_spec(child)) is not None]
            elif kind == KIND["var_declaration"]:
                values += self._package_vars(node)
            elif kind == KIND["const_declaration"]:
                values += self._package_consts(node)
            elif kind in _FUNCTIONS:
                functions.append(self._head(node))
        return FileDecls(package, tuple(imports), tuple(types), tuple(values), tuple(functions), self._has_errors)

    def _head(self, node: Node) -> FunctionHead:
        self._symbols = []
        function = self.function_declaration(node)
        function.body = None
        receiver = receiver_name(function.receiver.type) if function.receiver is not None else ""
        text = self._text[node.start_byte : node.end_byte]
        return FunctionHead(node.start_byte, function.name, receiver, text, function)

    def _top_level(self) -> list[Node]:
        """The declarations; those inside error nodes count too."""
        found: list[Node] = []
        todo = list(reversed(self._root.children))
        while todo:
            node = todo.pop()
            if node.kind_id == ERROR:
                todo += reversed(node.children)
            else:
                found.append(node)
        return found

    def _imports(self, node: Node) -> list[ir.ImportDecl]:
        specs = [child for child in self._kids(node) if child.kind_id == KIND["import_spec"]]
        for group in self._kids(node):
            if group.kind_id == KIND["import_spec_list"]:
                specs += [child for child in self._kids(group) if child.kind_id == KIND["import_spec"]]
        found = []
        for spec in specs:
            path, name = spec.child_by_field_name("path"), spec.child_by_field_name("name")
            if path is not None:
                written = self._slice(name) if name is not None else ""
                found.append(ir.ImportDecl(spec.start_byte, spec.end_byte, self._slice(path).strip('"`'), written))
        return found

    def _package_vars(self, node: Node) -> list[ir.ValueDecl]:
        found = []
        for spec in self._specs(node):
            type_node, value_node = spec.child_by_field_name("type"), spec.child_by_field_name("value")
            type_ = self._type(type_node) if type_node is not None else None
            values = self._exprs(value_node) if value_node is not None else ()
            found.append(ir.ValueDecl(spec.start_byte, spec.end_byte, self._spec_names(spec), type_, values))
        return found

    def _package_consts(self, node: Node) -> list[ir.ValueDecl]:
        found = []
        type_: ir.TypeExpr | None = None
        values: tuple[ir.Expr, ...] = ()
        for iota, spec in enumerate(self._specs(node)):
            type_node, value_node = spec.child_by_field_name("type"), spec.child_by_field_name("value")
            if value_node is not None:
                type_ = self._type(type_node) if type_node is not None else None
                values = self._exprs(value_node)
            found.append(
                ir.ValueDecl(spec.start_byte, spec.end_byte, self._spec_names(spec), type_, values, True, iota)
            )
        return found

    def _spec_names(self, spec: Node) -> tuple[ir.Name, ...]:
        return tuple(
            ir.Name(name.start_byte, name.end_byte, self._slice(name))
            for name in spec.children_by_field_name("name")
            if name.kind_id in NAMES
        )


def receiver_name(type_: ir.TypeExpr) -> str:
    """The name of a receiver's type without its star and type parameters."""
    while isinstance(type_, ir.PointerType):
        type_ = type_.elem
    return type_.name if isinstance(type_, ir.NamedType) else ""
