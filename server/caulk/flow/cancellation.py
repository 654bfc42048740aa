"""Which calls obey the end of a context: they talk to a database, a server or another process, and give up with it."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from caulk.ir import nodes as ir
from caulk.ir.visit import expressions
from caulk.semantics.model import Callee, CalleeKind, Signature, Slice, Type, named

if TYPE_CHECKING:
    from caulk.flow.program import FunctionUnit, Program

MAX_DEPTH = 3
"""How many calls a context is followed."""

_STANDARD = frozenset(
    {
        "net/http.NewRequestWithContext",
        "net/http.Request.WithContext",
        "net/http.Request.Clone",
        "net.Dialer.DialContext",
        "crypto/tls.Dialer.DialContext",
        "os/exec.CommandContext",
        "database/sql.DB.BeginTx",
        "database/sql.DB.Conn",
        "database/sql.Conn.BeginTx",
    }
)
_SQL_CONTEXT = re.compile(r"database/sql\.\w+\.\w+Context")
_RESOLVER = re.compile(r"net\.Resolver\.Lookup\w+")
_CLIENTS = (
    *("github.com/jackc/pgx", "github.com/jmoiron/sqlx", "gorm.io/gorm", "github.com/uptrace/bun", "xorm.io/xorm"),
    *("github.com/redis/go-redis", "github.com/go-redis/redis", "github.com/gomodule/redigo", "entgo.io/ent"),
    *("go.mongodb.org/mongo-driver", "github.com/gocql/gocql", "github.com/ClickHouse", "github.com/elastic"),
    *("github.com/olivere/elastic", "github.com/segmentio/kafka-go", "github.com/nats-io/nats.go"),
    *("github.com/aws/aws-sdk-go-v2/service", "cloud.google.com/go", "google.golang.org/api"),
    *("github.com/Azure/azure-sdk-for-go/sdk", "github.com/minio/minio-go", "go.etcd.io/etcd/client"),
    *("k8s.io/client-go", "sigs.k8s.io/controller-runtime/pkg/client", "github.com/docker/docker/client"),
    *("github.com/google/go-github", "github.com/sashabaranov/go-openai", "github.com/stripe/stripe-go"),
    *("google.golang.org/grpc", "github.com/coreos/go-oidc", "golang.org/x/oauth2"),
)
"""Client libraries whose functions with a context ask a server."""
_LOCAL = re.compile(
    r"^(?:With(?!Context)|New|From|Set|Get(?:Logger|Span)|Extract|Inject|Start(?:Span|Timer)?$|Value|Append|Must)"
)
"""Functions of such libraries that only make or read something."""
_LOGS = re.compile(r"(?i)logg(?:er|ing)\w*\.\w+$|\.Print(?:f|ln)?$")
"""Those that write a line of a log."""


class Cancellation:
    """What the functions of one package do with the contexts that they are given."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[tuple[FunctionUnit, int], bool] = {}

    def forget(self, units: Collection[FunctionUnit]) -> None:
        """These functions, or what they rely on, are others now."""
        self._known = {key: known for key, known in self._known.items() if key[0] not in units}

    def obeys(self, unit: FunctionUnit, call: ir.Call, number: int, depth: int = MAX_DEPTH) -> bool:
        """Whether the call gives up when the context that is its argument ``number`` ends."""
        callee = unit.typer.callee(call)
        if _is_known(callee, number):
            return True
        target = unit.program.unit_of_callee(callee)
        if target is None or not depth or callee.kind not in (CalleeKind.FUNCTION, CalleeKind.METHOD):
            return False
        return target.program.cancellation.passes_on(target, number, depth)

    def passes_on(self, unit: FunctionUnit, number: int, depth: int) -> bool:
        """Whether the function gives its parameter ``number``, or what it derives from it, to such a call."""
        key = unit, number
        if key not in self._known:
            self._known[key] = False  # recursion adds nothing
            self._known[key] = unit.program.reads.about(unit, lambda: self._gives(unit, number, depth))
        return self._known[key]

    def _gives(self, unit: FunctionUnit, number: int, depth: int) -> bool:
        from caulk.flow.spawns import carriers, is_context_type

        params, body = unit.function.params, unit.function.body
        if number >= len(params) or body is None or not is_context_type(unit, params[number].type):
            return False
        symbol = params[number].symbol
        return symbol is not None and self.given_to(unit, body, carriers(unit, symbol), depth - 1) is not None

    def given_to(
        self, unit: FunctionUnit, body: ir.Node, contexts: set[ir.Symbol], depth: int = MAX_DEPTH
    ) -> ir.Call | None:
        """The first call below ``body`` that obeys one of the contexts."""
        for part in expressions(body, literals=True):
            if isinstance(part, ir.Call):
                for number, arg in enumerate(part.args):
                    known = isinstance(arg, ir.Name) and arg.symbol in contexts
                    if known and self.obeys(unit, part, number, depth):
                        return part
        return None


def _is_known(callee: Callee, number: int) -> bool:
    if callee.name in _STANDARD or _SQL_CONTEXT.fullmatch(callee.name) or _RESOLVER.fullmatch(callee.name):
        return True
    if number:
        return False
    if callee.package.startswith(_CLIENTS) and callee.kind in (CalleeKind.FUNCTION, CalleeKind.METHOD):
        return not (_LOCAL.match(callee.short) or _LOGS.search(callee.name))
    return _is_generated_client(callee.signature)


def _is_generated_client(signature: Signature | None) -> bool:
    """``client.GetUser(ctx, in, opts...)`` of generated gRPC code."""
    if signature is None or not signature.variadic or len(signature.params) != 3:
        return False
    return _is_call_option(signature.params[-1])


def _is_call_option(type_: Type | None) -> bool:
    option = named(type_.elem) if isinstance(type_, Slice) else None
    return option is not None and option.qualified == "google.golang.org/grpc.CallOption"
