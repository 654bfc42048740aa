"""From syntax nodes to the typed tree of ``caulk.ir.nodes``: one pass, names bound to symbols on the way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from operator import attrgetter
from typing import Any

from caulk.ir import nodes as ir
from caulk.ir.nodes import ChanDir, Definition, From, Symbol, SymbolKind
from caulk.syntax.remember import remember
from caulk.syntax.tree import ERROR, Node, Tree, kind_of, parse, token_kind

MAX_DEPTH = 400
"""Nesting of nodes below which a text is lowered; what is deeper becomes a bad expression or statement."""

KIND = {
    name: kind_of(name)
    for name in [
        "argument_list",
        "array_type",
        "assignment_statement",
        "binary_expression",
        "blank_identifier",
        "block",
        "break_statement",
        "call_expression",
        "channel_type",
        "comment",
        "communication_case",
        "composite_literal",
        "const_declaration",
        "const_spec",
        "continue_statement",
        "dec_statement",
        "default_case",
        "defer_statement",
        "dot",
        "empty_statement",
        "expression_case",
        "expression_list",
        "expression_statement",
        "expression_switch_statement",
        "fallthrough_statement",
        "false",
        "field_declaration",
        "field_declaration_list",
        "field_identifier",
        "float_literal",
        "for_clause",
        "for_statement",
        "func_literal",
        "function_declaration",
        "function_type",
        "generic_type",
        "go_statement",
        "goto_statement",
        "identifier",
        "if_statement",
        "imaginary_literal",
        "implicit_length_array_type",
        "import_declaration",
        "import_spec",
        "import_spec_list",
        "inc_statement",
        "index_expression",
        "int_literal",
        "interface_type",
        "interpreted_string_literal",
        "iota",
        "keyed_element",
        "label_name",
        "labeled_statement",
        "literal_element",
        "literal_value",
        "map_type",
        "method_declaration",
        "method_elem",
        "negated_type",
        "nil",
        "package_clause",
        "package_identifier",
        "parameter_declaration",
        "parameter_list",
        "parenthesized_expression",
        "parenthesized_type",
        "pointer_type",
        "qualified_type",
        "range_clause",
        "raw_string_literal",
        "receive_statement",
        "return_statement",
        "rune_literal",
        "select_statement",
        "selector_expression",
        "send_statement",
        "short_var_declaration",
        "slice_expression",
        "slice_type",
        "source_file",
        "statement_list",
        "struct_type",
        "switch",
        "true",
        "type_alias",
        "type_arguments",
        "type_assertion_expression",
        "type_case",
        "type_constraint",
        "type_conversion_expression",
        "type_declaration",
        "type_elem",
        "type_identifier",
        "type_instantiation_expression",
        "type_parameter_declaration",
        "type_parameter_list",
        "type_spec",
        "type_switch_statement",
        "unary_expression",
        "var_declaration",
        "var_spec",
        "var_spec_list",
        "variadic_argument",
        "variadic_parameter_declaration",
    ]
    if name != "switch"
}
_COMMENT = KIND["comment"]
_STATEMENT_LIST = KIND["statement_list"]
_EMPTY = KIND["empty_statement"]
_EXPRESSION_LIST = KIND["expression_list"]
_ARGUMENTS = KIND["argument_list"]
_VARIADIC_ARGUMENT = KIND["variadic_argument"]
_DEFINE = token_kind(":=")
_COMMA = token_kind(",")

_TYPE_KINDS = frozenset(
    KIND[name]
    for name in [
        "type_identifier",
        "qualified_type",
        "pointer_type",
        "slice_type",
        "array_type",
        "implicit_length_array_type",
        "map_type",
        "channel_type",
        "function_type",
        "struct_type",
        "interface_type",
        "generic_type",
        "parenthesized_type",
        "negated_type",
    ]
)
_LITERALS = {
    KIND["int_literal"]: "int",
    KIND["float_literal"]: "float",
    KIND["imaginary_literal"]: "imaginary",
    KIND["rune_literal"]: "rune",
    KIND["interpreted_string_literal"]: "string",
    KIND["raw_string_literal"]: "string",
}
NAMES = frozenset(
    KIND[name]
    for name in [
        "identifier",
        "blank_identifier",
        "package_identifier",
        "field_identifier",
        "type_identifier",
        "nil",
        "true",
        "false",
        "iota",
    ]
)


@remember(4 << 20)
def lower_function(text: bytes, has_comments: bool = True) -> ir.Function | None:
    """The tree of one top-level function or method, given its text; None when there is none in it. Never raises.

    ``has_comments``: False for a text whose comments are blanked (:attr:`caulk.syntax.split.Split.code`)."""
    tree = parse(text)
    for node in tree.root.children:
        if node.kind_id in (KIND["function_declaration"], KIND["method_declaration"]):
            return Lowering(tree, has_comments).function_declaration(node)
        if node.kind_id == ERROR:
            return Lowering(tree, has_comments).broken_function(node)
    return None


def _but_comments(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.kind_id != _COMMENT]


class Lowering:
    """Lowers one tree. One dictionary holds the visible names; each scope remembers what its own names hid."""

    def __init__(self, tree: Tree, has_comments: bool = True) -> None:
        self._text = tree.text
        self._ascii = tree.text.decode("ascii") if tree.text.isascii() else None
        self._root = tree.root
        self._has_errors = tree.has_errors
        self._blanked = {end: start for start, end in tree.blanked}
        self._visible: dict[str, Symbol] = {}
        self._scopes: list[dict[str, Symbol | None]] = []
        self._function: ir.Function | None = None
        self._symbols: list[Symbol] = []
        self._depth = 0
        has_comments = has_comments and (b"//" in tree.text or b"/*" in tree.text)
        self._kids: Callable[[Node], list[Node]] = _but_comments if has_comments else attrgetter("named_children")
        """The named children but for comments."""

    # -- nodes

    def _slice(self, node: Node) -> str:
        return self._between(node.start_byte, node.end_byte)

    def _between(self, start: int, end: int) -> str:
        if self._ascii is not None:
            return self._ascii[start:end]
        return self._text[start:end].decode("utf-8", "replace")

    # -- scopes

    def _push(self) -> None:
        self._scopes.append({})

    def _pop(self) -> None:
        for name, hidden in self._scopes.pop().items():
            if hidden is not None:
                self._visible[name] = hidden
            else:
                del self._visible[name]

    def _declare(
        self,
        name: str,
        kind: SymbolKind,
        start: int,
        type_: ir.TypeExpr | None = None,
        definition: Definition | None = None,
    ) -> Symbol | None:
        if name in ("_", "") or self._function is None:
            return None
        symbol = Symbol(name, kind, start, self._function, type_, definition, index=len(self._symbols))
        self._symbols.append(symbol)
        self._scopes[-1].setdefault(name, self._visible.get(name))
        self._visible[name] = symbol
        return symbol

    def _name(self, node: Node) -> ir.Name:
        start, end = node.start_byte, node.end_byte
        name = sys.intern(self._between(start, end))
        symbol = self._visible.get(name)  # nothing is ever declared as ``_``
        if symbol is not None and symbol.function is not self._function:
            symbol.captured = True
        return ir.Name(start, end, name, symbol)

    # -- functions

    def function_declaration(self, node: Node) -> ir.Function:
        name = node.child_by_field_name("name")
        return self._make_function(node, self._slice(name) if name is not None else "")

    def broken_function(self, node: Node) -> ir.Function | None:
        """A function whose declaration did not parse as a whole: the statements that were recognised in it."""
        if self._text[node.start_byte : node.start_byte + 4] != b"func":
            return None
        names = [child for child in node.children if child.kind_id in NAMES]
        function = ir.Function(node.start_byte, len(self._text), "", None, (), (), None, has_errors=True)
        function.name = self._slice(names[0]) if names else ""
        outer = self._enter(function)
        lists = [child for child in node.children if child.kind_id == KIND["parameter_list"]]
        if lists:
            function.params = self._params(lists[-1], SymbolKind.PARAM)
        statements: list[ir.Stmt] = []
        start = lists[-1].end_byte if lists else node.start_byte
        for child in node.children:
            if child.start_byte >= start:
                self._statement_into(child, statements)
        function.body = ir.Block(start, node.end_byte, tuple(statements))
        self._leave(function, outer)
        return function

    def _enter(self, function: ir.Function) -> ir.Function | None:
        outer = self._function
        function.parent = outer
        self._function = function
        self._push()
        return outer

    def _leave(self, function: ir.Function, outer: ir.Function | None) -> None:
        self._pop()
        self._function = outer
        if outer is None:
            function.symbols = self._symbols
            function.has_errors = self._has_errors

    def _make_function(self, node: Node, name: str) -> ir.Function:
        function = ir.Function(node.start_byte, node.end_byte, name, None, (), (), None)
        outer = self._enter(function)
        receiver = params = result = body = type_params = None
        for index, child in enumerate(node.children):
            field = node.field_name_for_child(index)
            if field == "receiver":
                receiver = child
            elif field == "type_parameters":
                type_params = child
            elif field == "parameters":
                params = child
            elif field == "result":
                result = child
            elif field == "body":
                body = child
        if receiver is not None:
            function.receiver = next(iter(self._receiver(receiver)), None)
        if type_params is not None:
            function.type_params = self._type_params(type_params)
        elif self._blanked and params is not None:
            function.type_params = self._blanked_type_params(params.start_byte)
        if params is not None:
            function.params = self._params(params, SymbolKind.PARAM)
        if result is not None:
            function.results = self._results(result)
        if body is not None:
            function.body = self._block(body, scope=False)
        self._leave(function, outer)
        return function

    def _receiver(self, node: Node) -> tuple[ir.Param, ...]:
        """The receiver; the names in its type's brackets are type parameters."""
        for declaration in self._kids(node):
            type_ = declaration.child_by_field_name("type")
            generic = type_
            while generic is not None and generic.kind_id in (KIND["pointer_type"], KIND["parenthesized_type"]):
                generic = next(iter(self._kids(generic)), None)
            if generic is not None and generic.kind_id == KIND["generic_type"]:
                arguments = generic.child_by_field_name("type_arguments")
                for argument in self._kids(arguments) if arguments is not None else ():
                    self._declare(self._slice(argument), SymbolKind.TYPE_PARAM, argument.start_byte)
        return self._params(node, SymbolKind.RECEIVER)

    def _type_params(self, node: Node) -> tuple[ir.TypeParam, ...]:
        found: list[ir.TypeParam] = []
        declared: list[tuple[Symbol, Node | None, Node]] = []
        for declaration in self._kids(node):
            names = [child for child in declaration.children_by_field_name("name") if child.kind_id in NAMES]
            constraint = declaration.child_by_field_name("type")
            for name in names:
                symbol = self._declare(self._slice(name), SymbolKind.TYPE_PARAM, name.start_byte)
                if symbol is not None:
                    declared.append((symbol, constraint, name))
        for symbol, constraint, name in declared:
            symbol.type = self._constraint(constraint, name)
            found.append(ir.TypeParam(name.start_byte, name.end_byte, symbol.name, symbol.type, symbol))
        return tuple(found)

    def _blanked_type_params(self, end: int) -> tuple[ir.TypeParam, ...]:
        """Those of a method, which the grammar does not know: parsed apart, at the same place."""
        start = self._blanked.get(end)
        if start is None:
            return ()
        head = b"func _"
        tree = parse(b" " * (start - len(head)) + head + self._text[start:end] + b"() {}")
        params = tree.root.children[0].child_by_field_name("type_parameters") if tree.root.children else None
        return self._type_params(params) if params is not None else ()

    def _constraint(self, node: Node | None, name: Node) -> ir.TypeExpr:
        if node is None:
            return ir.BadType(name.start_byte, name.end_byte)
        if node.kind_id != KIND["type_constraint"]:
            return self._type(node)
        terms = tuple(self._type(child) for child in self._kids(node))
        if len(terms) == 1 and not self._slice(node).lstrip().startswith("~"):
            return terms[0]
        return ir.InterfaceType(node.start_byte, node.end_byte, (), (), (terms,))

    def _params(self, node: Node, kind: SymbolKind) -> tuple[ir.Param, ...]:
        found: list[ir.Param] = []
        for declaration in self._kids(node):
            variadic = declaration.kind_id == KIND["variadic_parameter_declaration"]
            if declaration.kind_id != KIND["parameter_declaration"] and not variadic:
                continue
            type_node = declaration.child_by_field_name("type")
            if type_node is None:
                continue
            type_ = self._type(type_node)
            names = [child for child in declaration.children_by_field_name("name") if child.kind_id in NAMES]
            for name in names:
                text = self._slice(name)
                symbol_type = ir.SliceType(type_.start, type_.end, type_) if variadic else type_
                symbol = self._declare(text, kind, name.start_byte, symbol_type)
                found.append(ir.Param(name.start_byte, declaration.end_byte, text, type_, variadic, symbol))
            if not names:
                found.append(ir.Param(declaration.start_byte, declaration.end_byte, "", type_, variadic))
        return tuple(found)

    def _results(self, node: Node) -> tuple[ir.Param, ...]:
        if node.kind_id == KIND["parameter_list"]:
            return self._params(node, SymbolKind.RESULT)
        return (ir.Param(node.start_byte, node.end_byte, "", self._type(node)),)

    # -- types

    def _type(self, node: Node) -> ir.TypeExpr:
        self._depth += 1
        try:
            lower = _TYPES.get(node.kind_id)
            if lower is None or self._depth > MAX_DEPTH:
                return ir.BadType(node.start_byte, node.end_byte)
            return lower(self, node)
        finally:
            self._depth -= 1

    def _type_name(self, node: Node) -> ir.TypeExpr:
        name = self._slice(node)
        symbol = self._visible.get(name)
        if symbol is not None and symbol.kind not in (SymbolKind.TYPE, SymbolKind.TYPE_PARAM):
            symbol = None
        return ir.NamedType(node.start_byte, node.end_byte, "", name, (), symbol)

    def _qualified_type(self, node: Node) -> ir.TypeExpr:
        package, name = self._kids(node)[0], self._kids(node)[-1]
        return ir.NamedType(node.start_byte, node.end_byte, self._slice(package), self._slice(name))

    def _generic_type(self, node: Node) -> ir.TypeExpr:
        kids = self._kids(node)
        base = self._type(kids[0])
        if isinstance(base, ir.NamedType):
            base.args = tuple(self._type_argument(child) for child in self._kids(kids[-1]))
            base.end = node.end_byte
        return base

    def _type_argument(self, node: Node) -> ir.TypeExpr:
        if node.kind_id == KIND["type_elem"]:
            inner = self._kids(node)
            return self._type(inner[0]) if inner else ir.BadType(node.start_byte, node.end_byte)
        return self._type(node)

    def _pointer_type(self, node: Node) -> ir.TypeExpr:
        return ir.PointerType(node.start_byte, node.end_byte, self._inner_type(node))

    def _inner_type(self, node: Node) -> ir.TypeExpr:
        kids = self._kids(node)
        return self._type(kids[-1]) if kids else ir.BadType(node.start_byte, node.end_byte)

    def _parenthesized_type(self, node: Node) -> ir.TypeExpr:
        return self._inner_type(node)

    def _slice_type(self, node: Node) -> ir.TypeExpr:
        return ir.SliceType(node.start_byte, node.end_byte, self._inner_type(node))

    def _array_type(self, node: Node) -> ir.TypeExpr:
        length = node.child_by_field_name("length")
        return ir.ArrayType(
            node.start_byte, node.end_byte, self._inner_type(node), self._expr(length) if length is not None else None
        )

    def _map_type(self, node: Node) -> ir.TypeExpr:
        kids = self._kids(node)
        if len(kids) < 2:
            return ir.BadType(node.start_byte, node.end_byte)
        return ir.MapType(node.start_byte, node.end_byte, self._type(kids[0]), self._type(kids[-1]))

    def _channel_type(self, node: Node) -> ir.TypeExpr:
        start = self._text[node.start_byte : node.end_byte]
        direction = ChanDir.BOTH
        if start.startswith(b"<-"):
            direction = ChanDir.RECV
        elif start[4:].lstrip().startswith(b"<-"):
            elem = self._kids(node)[-1]
            between = self._text[node.start_byte + 4 : elem.start_byte]
            direction = ChanDir.SEND if b"<-" in between else ChanDir.BOTH
        return ir.ChanType(node.start_byte, node.end_byte, direction, self._inner_type(node))

    def _function_type(self, node: Node) -> ir.TypeExpr:
        return self._signature(node)

    def _signature(self, node: Node) -> ir.FuncType:
        """A function type; its parameter names declare nothing."""
        function, self._function = self._function, None
        try:
            params = node.child_by_field_name("parameters")
            result = node.child_by_field_name("result")
            return ir.FuncType(
                node.start_byte,
                node.end_byte,
                self._params(params, SymbolKind.PARAM) if params is not None else (),
                self._results(result) if result is not None else (),
            )
        finally:
            self._function = function

    def _struct_type(self, node: Node) -> ir.TypeExpr:
        fields: list[ir.FieldDecl] = []
        for group in self._kids(node):
            for declaration in self._kids(group):
                if declaration.kind_id == KIND["field_declaration"]:
                    self._field(declaration, fields)
        return ir.StructType(node.start_byte, node.end_byte, tuple(fields))

    def _field(self, node: Node, fields: list[ir.FieldDecl]) -> None:
        type_node = node.child_by_field_name("type")
        if type_node is None:
            return
        tag_node = node.child_by_field_name("tag")
        tag = self._slice(tag_node) if tag_node is not None else ""
        type_ = self._type(type_node)
        names = [child for child in node.children_by_field_name("name") if child.kind_id in NAMES]
        if names:
            fields += [
                ir.FieldDecl(name.start_byte, name.end_byte, self._slice(name), type_, tag=tag) for name in names
            ]
            return
        if self._text[node.start_byte : node.start_byte + 1] == b"*":
            type_ = ir.PointerType(node.start_byte, type_.end, type_)
        fields.append(
            ir.FieldDecl(node.start_byte, node.end_byte, _last_type_name(type_), type_, embedded=True, tag=tag)
        )

    def _interface_type(self, node: Node) -> ir.TypeExpr:
        methods: list[ir.MethodSpec] = []
        embedded: list[ir.TypeExpr] = []
        unions: list[tuple[ir.TypeExpr, ...]] = []
        for member in self._kids(node):
            if member.kind_id == KIND["method_elem"]:
                name = member.child_by_field_name("name")
                if name is not None:
                    signature = self._signature(member)
                    methods.append(ir.MethodSpec(name.start_byte, member.end_byte, self._slice(name), signature))
            elif member.kind_id == KIND["type_elem"]:
                terms = self._kids(member)
                if len(terms) == 1 and terms[0].kind_id != KIND["negated_type"]:
                    embedded.append(self._type(terms[0]))
                else:
                    unions.append(tuple(self._type(term) for term in terms))
        return ir.InterfaceType(node.start_byte, node.end_byte, tuple(methods), tuple(embedded), tuple(unions))

    # -- expressions

    def _expr(self, node: Node) -> ir.Expr:
        kind = node.kind_id
        if kind in NAMES:
            return self._name(node)
        lower = _EXPRESSIONS.get(kind)
        self._depth += 1
        lowered: ir.Expr = self._bad_expr(node) if lower is None or self._depth > MAX_DEPTH else lower(self, node)
        self._depth -= 1
        return lowered

    def _bad_expr(self, node: Node) -> ir.Expr:
        if self._depth > MAX_DEPTH:
            return ir.BadExpr(node.start_byte, node.end_byte)
        if node.kind_id in _TYPE_KINDS:
            return ir.TypeOperand(node.start_byte, node.end_byte, self._type(node))
        parts = tuple(self._expr(child) for child in self._kids(node) if child.kind_id in _EXPRESSIONS)
        return ir.BadExpr(node.start_byte, node.end_byte, parts)

    def _exprs(self, node: Node) -> tuple[ir.Expr, ...]:
        """An expression list, or a single expression."""
        if node.kind_id == _EXPRESSION_LIST:
            return tuple([self._expr(child) for child in self._kids(node)])
        return (self._expr(node),)

    def _literal(self, node: Node) -> ir.Expr:
        start, end = node.start_byte, node.end_byte
        return ir.Literal(start, end, _LITERALS[node.kind_id], self._between(start, end))

    def _type_operand(self, node: Node) -> ir.Expr:
        """A type where an expression stands; a plain or qualified name may well be a value (``new(x)``)."""
        if node.kind_id == KIND["type_identifier"]:
            return self._name(node)
        if node.kind_id == KIND["qualified_type"]:
            package, name = self._kids(node)[0], self._kids(node)[-1]
            return ir.Selector(node.start_byte, node.end_byte, self._name(package), self._slice(name), name.start_byte)
        if node.kind_id == KIND["pointer_type"] and self._is_dereference(node):
            return ir.Unary(node.start_byte, node.end_byte, "*", self._type_operand(self._kids(node)[-1]))
        return ir.TypeOperand(node.start_byte, node.end_byte, self._type(node))

    def _is_dereference(self, node: Node) -> bool:
        """Whether ``*x``, read as a type in ``new(*x)``, has a variable behind its stars."""
        while node.kind_id in (KIND["pointer_type"], KIND["parenthesized_type"]):
            kids = self._kids(node)
            if not kids:
                return False
            node = kids[-1]
        if node.kind_id == KIND["qualified_type"]:
            node = self._kids(node)[0]
        symbol = self._visible.get(self._slice(node))
        return symbol is not None and symbol.kind not in (SymbolKind.TYPE, SymbolKind.TYPE_PARAM)

    def _parenthesized(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        return self._expr(kids[0]) if kids else ir.BadExpr(node.start_byte, node.end_byte)

    def _selector(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        if len(kids) < 2:
            return self._bad_expr_of(node, kids)
        base, field = self._expr(kids[0]), kids[-1]
        start, end = field.start_byte, field.end_byte  # the selector ends where its field does
        return ir.Selector(node.start_byte, end, base, sys.intern(self._between(start, end)), start)

    def _bad_expr_of(self, node: Node, kids: list[Node]) -> ir.Expr:
        return ir.BadExpr(node.start_byte, node.end_byte, tuple(map(self._expr, kids)))

    def _call(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        arguments = kids[-1] if kids else None
        if arguments is None or arguments.kind_id != _ARGUMENTS or len(kids) < 2:
            return self._bad_expr_of(node, kids)
        func = self._expr(kids[0])
        if len(kids) == 3 and kids[1].kind_id == KIND["type_arguments"]:
            func = ir.Index(func.start, kids[1].end_byte, func, tuple(map(self._type_as_expr, self._kids(kids[1]))))
        args: list[ir.Expr] = []
        spread = False
        for child in self._kids(arguments):
            if child.kind_id == _VARIADIC_ARGUMENT:
                spread = True
                args += [self._expr(inner) for inner in self._kids(child)]
            else:
                args.append(self._expr(child))
        return ir.Call(node.start_byte, node.end_byte, func, tuple(args), spread, arguments.start_byte)

    def _type_as_expr(self, node: Node) -> ir.Expr:
        """A type argument, which may turn out to be an index: names and selectors stay what they look like."""
        if node.kind_id == KIND["type_elem"]:
            kids = self._kids(node)
            if len(kids) == 1:
                return self._type_as_expr(kids[0])
        return self._type_operand(node) if node.kind_id in _TYPE_KINDS else self._expr(node)

    def _index(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        if len(kids) < 2:
            return self._bad_expr_of(node, kids)
        return ir.Index(node.start_byte, node.end_byte, self._expr(kids[0]), tuple(map(self._type_as_expr, kids[1:])))

    def _instantiation(self, node: Node) -> ir.Expr:
        """``f[A, B]``, and also ``m[a.b][c.d]``."""
        kids = self._kids(node)
        if len(kids) < 2:
            return self._bad_expr_of(node, kids)
        return ir.Index(
            node.start_byte, node.end_byte, self._type_as_expr(kids[0]), tuple(map(self._type_as_expr, kids[1:]))
        )

    def _generic_operand(self, node: Node) -> ir.Expr:
        """``generic_type`` in an expression: an instantiation, or an index of something that is no type."""
        kids = self._kids(node)
        arguments = self._kids(kids[-1]) if kids else []
        return ir.Index(
            node.start_byte, node.end_byte, self._type_as_expr(kids[0]), tuple(map(self._type_as_expr, arguments))
        )

    def _conversion(self, node: Node) -> ir.Expr:
        type_node, operand = node.child_by_field_name("type"), node.child_by_field_name("operand")
        if type_node is None or operand is None:
            return self._bad_expr_of(node, self._kids(node))
        lparen = self._text.find(b"(", type_node.end_byte, operand.start_byte)
        arg = self._expr(operand)
        if type_node.kind_id == KIND["pointer_type"]:
            # `*(*T)(p)` and `*New[T](x)`: Go has no unparenthesised pointer type in a conversion
            inner = self._kids(type_node)[-1]
            func = self._conversion_target(inner)
            call = ir.Call(inner.start_byte, node.end_byte, func, (arg,), lparen=lparen)
            return ir.Unary(node.start_byte, node.end_byte, "*", call)
        return ir.Call(node.start_byte, node.end_byte, self._conversion_target(type_node), (arg,), lparen=lparen)

    def _conversion_target(self, node: Node) -> ir.Expr:
        while node.kind_id == KIND["parenthesized_type"]:
            node = self._kids(node)[0]
        if node.kind_id == KIND["generic_type"]:
            return self._generic_operand(node)
        return self._type_operand(node)

    def _slice_expression(self, node: Node) -> ir.Expr:
        bounds = tuple(
            self._expr(bound) if bound is not None else None
            for bound in map(node.child_by_field_name, ("start", "end", "capacity"))
        )
        operand = node.child_by_field_name("operand")
        if operand is None:
            return self._bad_expr_of(node, self._kids(node))
        return ir.SliceExpr(node.start_byte, node.end_byte, self._expr(operand), bounds)

    def _assertion(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        if len(kids) < 2:
            return self._bad_expr_of(node, kids)
        return ir.Assertion(node.start_byte, node.end_byte, self._expr(kids[0]), self._type(kids[-1]))

    def _unary(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        if not kids:
            return ir.BadExpr(node.start_byte, node.end_byte)
        op = self._text[node.start_byte : node.start_byte + 2]
        operand = self._expr(kids[-1])
        if op[:1] == b"&" and isinstance(operand, ir.Name) and operand.symbol is not None:
            operand.symbol.assigned += 1
            operand.symbol.literal = None
        return ir.Unary(node.start_byte, node.end_byte, "<-" if op == b"<-" else chr(op[0]), operand)

    def _binary(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        if len(kids) < 2:
            return self._bad_expr_of(node, kids)
        operator = node.child_by_field_name("operator")
        op = sys.intern(self._slice(operator)) if operator is not None else "?"
        return ir.Binary(node.start_byte, node.end_byte, op, self._expr(kids[0]), self._expr(kids[-1]))

    def _composite(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        body = kids[-1] if kids else None
        if body is None or len(kids) < 2 or body.kind_id != KIND["literal_value"]:
            return self._bad_expr_of(node, kids)
        type_ = self._type(kids[0])
        if len(kids) == 3 and isinstance(type_, ir.NamedType) and kids[1].kind_id == KIND["type_arguments"]:
            type_.args = tuple(self._type_argument(child) for child in self._kids(kids[1]))
        return ir.Composite(node.start_byte, node.end_byte, type_, self._elements(body))

    def _elements(self, body: Node) -> tuple[ir.Element, ...]:
        found: list[ir.Element] = []
        for child in self._kids(body):
            if child.kind_id == KIND["keyed_element"]:
                kids = self._kids(child)
                if len(kids) >= 2:
                    key, value = self._element_value(kids[0]), self._element_value(kids[-1])
                    field = key.name if isinstance(key, ir.Name) else ""
                    found.append(ir.Element(child.start_byte, child.end_byte, value, key, field))
            else:
                found.append(ir.Element(child.start_byte, child.end_byte, self._element_value(child)))
        return tuple(found)

    def _element_value(self, node: Node) -> ir.Expr:
        if node.kind_id == KIND["literal_element"]:
            kids = self._kids(node)
            if not kids:
                return ir.BadExpr(node.start_byte, node.end_byte)
            node = kids[0]
        if node.kind_id == KIND["literal_value"]:
            self._depth += 1
            try:
                if self._depth > MAX_DEPTH:
                    return ir.BadExpr(node.start_byte, node.end_byte)
                return ir.Composite(node.start_byte, node.end_byte, None, self._elements(node))
            finally:
                self._depth -= 1
        return self._expr(node)

    def _func_literal(self, node: Node) -> ir.Expr:
        outer = self._function
        function = self._make_function(node, "")
        literal = ir.FuncLit(node.start_byte, node.end_byte, function)
        if outer is not None:
            outer.literals.append(literal)
        return literal

    # -- statements

    def _block(self, node: Node, *, scope: bool = True) -> ir.Block:
        """A block with its braces; ``scope`` is False for the body of a function, which shares its parameters' scope."""
        if scope:
            self._push()
        statements = self._statements(node)
        if scope:
            self._pop()
        return ir.Block(node.start_byte, node.end_byte, statements)

    def _statements(self, node: Node, skip: frozenset[int] = frozenset()) -> tuple[ir.Stmt, ...]:
        found: list[ir.Stmt] = []
        for child in node.named_children:
            if child.kind_id == _STATEMENT_LIST:
                for statement in child.named_children:
                    self._statement_into(statement, found)
            elif child.id not in skip:
                self._statement_into(child, found)
        return tuple(found)

    def _statement_into(self, node: Node, found: list[ir.Stmt]) -> None:
        kind = node.kind_id
        if kind in (_COMMENT, _EMPTY):
            return
        single = _STATEMENTS.get(kind)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            found.append(ir.BadStmt(node.start_byte, node.end_byte))
        elif single is not None:
            found.append(single(self, node))
        elif kind in _DECLARATIONS:
            _DECLARATIONS[kind](self, node, found)
        elif kind in _EXPRESSIONS:
            found.append(ir.ExprStmt(node.start_byte, node.end_byte, self._expr(node)))
        else:
            self._bad_statement(node, found)
        self._depth -= 1

    def _bad_statement(self, node: Node, found: list[ir.Stmt]) -> None:
        """Text that did not parse: what was recognised inside stands for itself."""
        parts: list[ir.Stmt] = []
        for child in node.named_children:
            self._statement_into(child, parts)
        if node.kind_id == ERROR or parts:
            found.append(ir.BadStmt(node.start_byte, node.end_byte, tuple(parts)))

    def _simple(self, node: Node | None) -> ir.Stmt | None:
        """The initialiser or post statement of a header."""
        if node is None:
            return None
        found: list[ir.Stmt] = []
        self._statement_into(node, found)
        return found[0] if found else None

    def _expression_statement(self, node: Node) -> ir.Stmt:
        kids = self._kids(node)
        expr = self._expr(kids[0]) if kids else ir.BadExpr(node.start_byte, node.end_byte)
        return ir.ExprStmt(node.start_byte, node.end_byte, expr)

    def _assigned(self, target: ir.Expr, value: ir.Expr | None) -> None:
        """Note that a variable gets another value."""
        if not isinstance(target, ir.Name) or target.symbol is None:
            return
        symbol = target.symbol
        first = symbol.assigned == 0 and symbol.definition is None and symbol.kind is SymbolKind.LOCAL
        symbol.assigned += 1
        symbol.literal = value if first and isinstance(value, ir.FuncLit) else None

    def _assignment(self, node: Node) -> ir.Stmt:
        left_node, right_node = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        op = self._slice(operator) if operator is not None else "="
        right = self._exprs(right_node) if right_node is not None else ()
        left = self._exprs(left_node) if left_node is not None else ()
        for number, target in enumerate(left):
            self._assigned(target, right[number] if len(left) == len(right) else None)
        return ir.Assign(node.start_byte, node.end_byte, left, right, op)

    def _increment(self, node: Node) -> ir.Stmt:
        kids = self._kids(node)
        operand = self._expr(kids[0]) if kids else ir.BadExpr(node.start_byte, node.end_byte)
        self._assigned(operand, None)
        return ir.IncDec(
            node.start_byte, node.end_byte, operand, self._text[node.end_byte - 2 : node.end_byte].decode()
        )

    def _short_declaration(self, node: Node) -> ir.Stmt:
        left_node, right_node = node.child_by_field_name("left"), node.child_by_field_name("right")
        right = self._exprs(right_node) if right_node is not None else ()
        targets = self._kids(left_node) if left_node is not None else []
        return self._define(node, targets, right)

    def _define(self, node: Node, targets: list[Node], right: tuple[ir.Expr, ...]) -> ir.Assign:
        """``a, b := …``: only names that the innermost scope does not have are new."""
        left: list[ir.Expr] = []
        new: list[Symbol | None] = []
        for number, target in enumerate(targets):
            if target.kind_id not in NAMES:
                left.append(self._expr(target))
                new.append(None)
                continue
            name = self._slice(target)
            definition = _definition(right, number, len(targets))
            value = right[number] if len(right) == len(targets) else None
            if name == "_" or name in self._scopes[-1]:
                reused = self._name(target)
                self._assigned(reused, value)
                left.append(reused)
                new.append(None)
                continue
            symbol = self._declare(name, SymbolKind.LOCAL, target.start_byte, None, definition)
            if symbol is not None and isinstance(value, ir.FuncLit):
                symbol.literal = value
            left.append(ir.Name(target.start_byte, target.end_byte, name, symbol))
            new.append(symbol)
        return ir.Assign(node.start_byte, node.end_byte, tuple(left), right, ":=", tuple(new))

    def _var_declaration(self, node: Node, found: list[ir.Stmt]) -> None:
        for spec in self._specs(node):
            type_node, value_node = spec.child_by_field_name("type"), spec.child_by_field_name("value")
            type_ = self._type(type_node) if type_node is not None else None
            right = self._exprs(value_node) if value_node is not None else ()
            found.append(self._declare_values(node, spec, "var", SymbolKind.LOCAL, type_, right, right))

    def _const_declaration(self, node: Node, found: list[ir.Stmt]) -> None:
        type_: ir.TypeExpr | None = None
        values: tuple[ir.Expr, ...] = ()
        for spec in self._specs(node):
            type_node, value_node = spec.child_by_field_name("type"), spec.child_by_field_name("value")
            if value_node is not None:  # an omitted list repeats the previous type and values
                type_ = self._type(type_node) if type_node is not None else None
                values = self._exprs(value_node)
            right = values if value_node is not None else ()
            found.append(self._declare_values(node, spec, "const", SymbolKind.CONST, type_, right, values))

    def _specs(self, node: Node) -> list[Node]:
        specs: list[Node] = []
        for child in self._kids(node):
            if child.kind_id in (KIND["var_spec"], KIND["const_spec"]):
                specs.append(child)
            elif child.kind_id == KIND["var_spec_list"]:
                specs += [inner for inner in self._kids(child) if inner.kind_id == KIND["var_spec"]]
        return specs

    def _declare_values(
        self,
        node: Node,
        spec: Node,
        op: str,
        kind: SymbolKind,
        type_: ir.TypeExpr | None,
        right: tuple[ir.Expr, ...],
        values: tuple[ir.Expr, ...],
    ) -> ir.Assign:
        names = [child for child in spec.children_by_field_name("name") if child.kind_id in NAMES]
        left: list[ir.Expr] = []
        new: list[Symbol | None] = []
        for number, name_node in enumerate(names):
            name = self._slice(name_node)
            definition = _definition(values, number, len(names)) if type_ is None else None
            symbol = self._declare(name, kind, name_node.start_byte, type_, definition)
            value = right[number] if len(right) == len(names) else None
            if symbol is not None and isinstance(value, ir.FuncLit):
                symbol.literal = value
            elif symbol is not None and right:
                symbol.definition = symbol.definition or _definition(values, number, len(names))
            left.append(ir.Name(name_node.start_byte, name_node.end_byte, name, symbol))
            new.append(symbol)
        whole = node if len(self._specs(node)) == 1 else spec
        return ir.Assign(whole.start_byte, whole.end_byte, tuple(left), right, op, tuple(new), type_)

    def _type_declaration(self, node: Node, found: list[ir.Stmt]) -> None:
        for spec in self._kids(node):
            name = spec.child_by_field_name("name")
            if name is None:
                continue
            symbol = self._declare(self._slice(name), SymbolKind.TYPE, name.start_byte)
            declaration = self._type_spec(spec)
            if symbol is not None and declaration is not None:
                symbol.declares = declaration
                found.append(ir.LocalType(spec.start_byte, spec.end_byte, symbol, declaration))

    def _type_spec(self, spec: Node) -> ir.TypeDecl | None:
        name, type_node = spec.child_by_field_name("name"), spec.child_by_field_name("type")
        if name is None:
            return None
        self._push()
        params = spec.child_by_field_name("type_parameters")
        outer = self._function
        if outer is None:  # a package-level type: its parameters need a function to belong to
            self._function = ir.Function(spec.start_byte, spec.end_byte, "", None, (), (), None)
        type_params = self._type_params(params) if params is not None else ()
        type_ = self._type(type_node) if type_node is not None else ir.BadType(spec.start_byte, spec.end_byte)
        self._function = outer
        self._pop()
        alias = spec.kind_id == KIND["type_alias"]
        return ir.TypeDecl(spec.start_byte, spec.end_byte, self._slice(name), type_params, type_, alias)

    def _send(self, node: Node) -> ir.Stmt:
        kids = self._kids(node)
        if len(kids) < 2:
            return ir.ExprStmt(node.start_byte, node.end_byte, self._bad_expr_of(node, kids))
        return ir.Send(node.start_byte, node.end_byte, self._expr(kids[0]), self._expr(kids[-1]))

    def _go(self, node: Node) -> ir.Stmt:
        return ir.Go(node.start_byte, node.end_byte, self._only(node))

    def _defer(self, node: Node) -> ir.Stmt:
        return ir.Defer(node.start_byte, node.end_byte, self._only(node))

    def _only(self, node: Node) -> ir.Expr:
        kids = self._kids(node)
        return self._expr(kids[0]) if kids else ir.BadExpr(node.start_byte, node.end_byte)

    def _return(self, node: Node) -> ir.Stmt:
        values: tuple[ir.Expr, ...] = ()
        for child in self._kids(node):
            values += self._exprs(child)
        return ir.Return(node.start_byte, node.end_byte, values)

    def _branch(self, node: Node) -> ir.Stmt:
        kids = self._kids(node)
        keyword = self._slice(node.children[0]) if node.children else "break"
        return ir.Branch(node.start_byte, node.end_byte, keyword, self._slice(kids[0]) if kids else "")

    def _labeled(self, node: Node) -> ir.Stmt:
        kids = self._kids(node)
        label = self._slice(kids[0]) if kids else ""
        inner = self._simple(kids[1]) if len(kids) > 1 else None
        return ir.Labeled(node.start_byte, node.end_byte, label, inner)

    def _if(self, node: Node) -> ir.Stmt:
        self._push()
        init = self._simple(node.child_by_field_name("initializer"))
        condition = node.child_by_field_name("condition")
        cond = self._expr(condition) if condition is not None else ir.BadExpr(node.start_byte, node.start_byte)
        consequence = node.child_by_field_name("consequence")
        then = self._block(consequence) if consequence is not None else ir.Block(node.end_byte, node.end_byte, ())
        alternative = node.child_by_field_name("alternative")
        orelse = self._simple(alternative)
        self._pop()
        return ir.If(
            node.start_byte, node.end_byte, init, cond, then, orelse if isinstance(orelse, ir.Block | ir.If) else None
        )

    def _for(self, node: Node) -> ir.Stmt:
        self._push()
        body_node = node.child_by_field_name("body")
        header = next((kid for kid in self._kids(node) if body_node is None or kid.id != body_node.id), None)
        if header is not None and header.kind_id == KIND["range_clause"]:
            statement: ir.Stmt = self._range(node, header, body_node)
        else:
            statement = self._for_loop(node, header, body_node)
        self._pop()
        return statement

    def _for_loop(self, node: Node, header: Node | None, body_node: Node | None) -> ir.For:
        init = post = None
        cond: ir.Expr | None = None
        update = None
        if header is not None and header.kind_id == KIND["for_clause"]:
            init = self._simple(header.child_by_field_name("initializer"))
            condition = header.child_by_field_name("condition")
            cond = self._expr(condition) if condition is not None else None
            update = header.child_by_field_name("update")
        elif header is not None:
            cond = self._expr(header)
        post = self._simple(update)
        return ir.For(node.start_byte, node.end_byte, init, cond, post, self._loop_body(node, body_node))

    def _loop_body(self, node: Node, body: Node | None) -> ir.Block:
        return self._block(body) if body is not None else ir.Block(node.end_byte, node.end_byte, ())

    def _range(self, node: Node, header: Node, body_node: Node | None) -> ir.Range:
        right = header.child_by_field_name("right")
        subject = self._expr(right) if right is not None else ir.BadExpr(header.start_byte, header.end_byte)
        left = header.child_by_field_name("left")
        define = any(child.kind_id == _DEFINE for child in header.children)
        parts: list[ir.Expr] = []
        for number, target in enumerate(self._kids(left) if left is not None else ()):
            if define and target.kind_id in NAMES:
                definition = Definition(From.RANGE, subject, number)
                name = self._slice(target)
                symbol = self._declare(name, SymbolKind.LOCAL, target.start_byte, None, definition)
                parts.append(ir.Name(target.start_byte, target.end_byte, name, symbol))
            else:
                part = self._expr(target)
                self._assigned(part, None)
                parts.append(part)
        key = parts[0] if parts else None
        value = parts[1] if len(parts) > 1 else None
        return ir.Range(node.start_byte, node.end_byte, key, value, define, subject, self._loop_body(node, body_node))

    def _case_body(self, node: Node, skip: frozenset[int]) -> ir.Block:
        statements = self._statements(node, skip)
        if statements:
            return ir.Block(statements[0].start, statements[-1].end, statements)
        return ir.Block(node.end_byte, node.end_byte, ())

    def _switch(self, node: Node) -> ir.Stmt:
        self._push()
        init = self._simple(node.child_by_field_name("initializer"))
        value = node.child_by_field_name("value")
        tag = self._expr(value) if value is not None else None
        cases: list[ir.Case] = []
        for child in self._kids(node):
            if child.kind_id not in (KIND["expression_case"], KIND["default_case"]):
                continue
            self._push()
            value_node = child.child_by_field_name("value")
            values = self._exprs(value_node) if value_node is not None else ()
            skip = frozenset([value_node.id] if value_node is not None else [])
            default = child.kind_id == KIND["default_case"]
            cases.append(ir.Case(child.start_byte, child.end_byte, values, default, self._case_body(child, skip)))
            self._pop()
        self._pop()
        return ir.Switch(node.start_byte, node.end_byte, init, tag, tuple(cases))

    def _type_switch(self, node: Node) -> ir.Stmt:
        self._push()
        init = self._simple(node.child_by_field_name("initializer"))
        value, alias = node.child_by_field_name("value"), node.child_by_field_name("alias")
        subject = self._expr(value) if value is not None else ir.BadExpr(node.start_byte, node.start_byte)
        alias_kids = self._kids(alias) if alias is not None else []
        cases: list[ir.TypeCase] = []
        for child in self._kids(node):
            if child.kind_id not in (KIND["type_case"], KIND["default_case"]):
                continue
            self._push()
            type_nodes = [kid for kid in child.children_by_field_name("type") if kid.kind_id != _COMMA]
            types = tuple(self._case_type(kid) for kid in type_nodes)
            symbol = None
            if alias_kids:
                narrowed = tuple(type_ for type_ in types if type_ is not None) if len(types) == 1 else ()
                definition = Definition(From.TYPE_SWITCH, subject, types=narrowed)
                symbol = self._declare(
                    self._slice(alias_kids[0]), SymbolKind.LOCAL, alias_kids[0].start_byte, None, definition
                )
            body = self._case_body(child, frozenset(kid.id for kid in type_nodes))
            default = child.kind_id == KIND["default_case"]
            cases.append(ir.TypeCase(child.start_byte, child.end_byte, types, default, symbol, body))
            self._pop()
        self._pop()
        return ir.TypeSwitch(node.start_byte, node.end_byte, init, subject, tuple(cases))

    def _case_type(self, node: Node) -> ir.TypeExpr | None:
        if node.kind_id == KIND["type_identifier"] and self._text[node.start_byte : node.end_byte] == b"nil":
            return None
        return None if node.kind_id == KIND["nil"] else self._type(node)

    def _select(self, node: Node) -> ir.Stmt:
        cases: list[ir.CommCase] = []
        for child in self._kids(node):
            if child.kind_id not in (KIND["communication_case"], KIND["default_case"]):
                continue
            self._push()
            communication = child.child_by_field_name("communication")
            comm = self._communication(communication) if communication is not None else None
            skip = frozenset([communication.id] if communication is not None else [])
            cases.append(ir.CommCase(child.start_byte, child.end_byte, comm, self._case_body(child, skip)))
            self._pop()
        return ir.Select(node.start_byte, node.end_byte, tuple(cases))

    def _communication(self, node: Node) -> ir.Stmt | None:
        if node.kind_id != KIND["receive_statement"]:
            return self._simple(node)
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        value = self._expr(right) if right is not None else ir.BadExpr(node.start_byte, node.end_byte)
        if left is None:
            return ir.ExprStmt(node.start_byte, node.end_byte, value)
        if any(child.kind_id == _DEFINE for child in node.children):
            return self._define(node, self._kids(left), (value,))
        targets = self._exprs(left)
        for target in targets:
            self._assigned(target, None)
        return ir.Assign(node.start_byte, node.end_byte, targets, (value,), "=")


def _definition(right: tuple[ir.Expr, ...], number: int, count: int) -> Definition | None:
    """What gives left side ``number`` of ``count`` its type."""
    if not right:
        return None
    if len(right) == count:
        return Definition(From.VALUE, right[number], 0, 1)
    return Definition(From.VALUE, right[0], number, count)


def _last_type_name(type_: ir.TypeExpr) -> str:
    while isinstance(type_, ir.PointerType):
        type_ = type_.elem
    return type_.name if isinstance(type_, ir.NamedType) else ""


_TYPES: dict[int, Callable[[Lowering, Node], ir.TypeExpr]] = {
    KIND["type_identifier"]: Lowering._type_name,
    KIND["identifier"]: Lowering._type_name,
    KIND["qualified_type"]: Lowering._qualified_type,
    KIND["generic_type"]: Lowering._generic_type,
    KIND["pointer_type"]: Lowering._pointer_type,
    KIND["negated_type"]: Lowering._parenthesized_type,
    KIND["parenthesized_type"]: Lowering._parenthesized_type,
    KIND["slice_type"]: Lowering._slice_type,
    KIND["array_type"]: Lowering._array_type,
    KIND["implicit_length_array_type"]: Lowering._array_type,
    KIND["map_type"]: Lowering._map_type,
    KIND["channel_type"]: Lowering._channel_type,
    KIND["function_type"]: Lowering._function_type,
    KIND["struct_type"]: Lowering._struct_type,
    KIND["interface_type"]: Lowering._interface_type,
}

_EXPRESSIONS: dict[int, Callable[[Lowering, Node], Any]] = {
    **dict.fromkeys(NAMES, Lowering._name),
    **dict.fromkeys(_LITERALS, Lowering._literal),
    **dict.fromkeys(_TYPE_KINDS, Lowering._type_operand),
    KIND["generic_type"]: Lowering._generic_operand,
    KIND["parenthesized_expression"]: Lowering._parenthesized,
    KIND["selector_expression"]: Lowering._selector,
    KIND["call_expression"]: Lowering._call,
    KIND["index_expression"]: Lowering._index,
    KIND["type_instantiation_expression"]: Lowering._instantiation,
    KIND["type_conversion_expression"]: Lowering._conversion,
    KIND["slice_expression"]: Lowering._slice_expression,
    KIND["type_assertion_expression"]: Lowering._assertion,
    KIND["unary_expression"]: Lowering._unary,
    KIND["binary_expression"]: Lowering._binary,
    KIND["composite_literal"]: Lowering._composite,
    KIND["func_literal"]: Lowering._func_literal,
}

_STATEMENTS: dict[int, Callable[[Lowering, Node], ir.Stmt]] = {
    KIND["expression_statement"]: Lowering._expression_statement,
    KIND["assignment_statement"]: Lowering._assignment,
    KIND["inc_statement"]: Lowering._increment,
    KIND["dec_statement"]: Lowering._increment,
    KIND["short_var_declaration"]: Lowering._short_declaration,
    KIND["send_statement"]: Lowering._send,
    KIND["go_statement"]: Lowering._go,
    KIND["defer_statement"]: Lowering._defer,
    KIND["return_statement"]: Lowering._return,
    KIND["break_statement"]: Lowering._branch,
    KIND["continue_statement"]: Lowering._branch,
    KIND["goto_statement"]: Lowering._branch,
    KIND["fallthrough_statement"]: Lowering._branch,
    KIND["labeled_statement"]: Lowering._labeled,
    KIND["block"]: Lowering._block,
    KIND["if_statement"]: Lowering._if,
    KIND["for_statement"]: Lowering._for,
    KIND["expression_switch_statement"]: Lowering._switch,
    KIND["type_switch_statement"]: Lowering._type_switch,
    KIND["select_statement"]: Lowering._select,
}

_DECLARATIONS: dict[int, Callable[[Lowering, Node, list[ir.Stmt]], None]] = {
    KIND["var_declaration"]: Lowering._var_declaration,
    KIND["const_declaration"]: Lowering._const_declaration,
    KIND["type_declaration"]: Lowering._type_declaration,
}
