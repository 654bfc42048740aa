"""Every fix, one line each, in the order in which they are offered."""

from __future__ import annotations

from collections.abc import Iterator

from caulk.findings.finding import Finding
from caulk.syntax.source import SourceFile
from caulk.syntax.split import split
from caulk.syntax.tree import has_errors
from caulk_codefixes import (
    add_before_go,
    add_fields,
    bind_discarded,
    buffer_channel,
    build_string,
    call_result,
    check_rows,
    close_channel,
    count_map_writes,
    declare_context,
    defer_done,
    defer_in_goroutine,
    defer_release,
    defer_unlock,
    detach_context,
    drain_body,
    drain_timer,
    drop_default,
    drop_statement,
    end_idle,
    end_with_context,
    guard_map_size,
    guard_put,
    hash_locks,
    hoist_client,
    hoist_defer,
    hoist_from_context,
    hoist_length,
    insert_before_exits,
    insert_release,
    insert_statements,
    join_close_error,
    leave_loop,
    limit_pool,
    monitor_pool,
    move_into_handler,
    move_release,
    name_inline,
    pass_context,
    pool_buffer,
    query_to_exec,
    reap_process,
    release_before_exit,
    release_on_error,
    remove_temporary,
    rename_method,
    replace_statement,
    request_storage,
    return_after_send,
    rewrite,
    send_or_done,
    stop_ticker,
    use_context,
    use_parameter,
    wait_behind_loop,
    weak_map,
    wrap_loop_body,
)
from caulk_codefixes.codefix import CodeFix, Fix, FixSettings
from caulk_codefixes.suppress import suppress

FIXES: tuple[CodeFix, ...] = (
    defer_release.FIX,
    defer_in_goroutine.FIX,
    hoist_defer.FIX,
    release_on_error.FIX,
    release_before_exit.FIX,
    bind_discarded.FIX,
    name_inline.FIX,
    move_release.FIX,
    wrap_loop_body.FIX,
    insert_release.FIX,
    call_result.FIX,
    reap_process.FIX,
    remove_temporary.FIX,
    join_close_error.FIX,
    declare_context.FIX,
    use_context.FIX,
    detach_context.FIX,
    hoist_from_context.FIX,
    hoist_length.FIX,
    move_into_handler.FIX,
    request_storage.FIX,
    guard_map_size.FIX,
    count_map_writes.FIX,
    hash_locks.FIX,
    rewrite.FIX,
    replace_statement.FIX,
    weak_map.FIX,
    pool_buffer.FIX,
    limit_pool.FIX,
    check_rows.FIX,
    query_to_exec.FIX,
    hoist_client.FIX,
    hoist_client.UNCLOSED,
    add_fields.FIX,
    end_idle.FIX,
    add_fields.TRANSPORT,
    pass_context.FIX,
    drop_statement.FIX,
    drain_body.FIX,
    monitor_pool.FIX,
    return_after_send.FIX,
    buffer_channel.FIX,
    send_or_done.FIX,
    close_channel.FIX,
    end_with_context.FIX,
    leave_loop.FIX,
    drop_default.FIX,
    add_before_go.FIX,
    wait_behind_loop.FIX,
    defer_done.FIX,
    rename_method.FIX,
    insert_statements.FIX,
    guard_put.FIX,
    stop_ticker.FIX,
    drain_timer.FIX,
    use_parameter.FIX,
    build_string.FIX,
    insert_before_exits.FIX,
    defer_unlock.FIX,
)

NOT_IN_BATCH: frozenset[str] = frozenset({"limit-pool", "add-limits"})
"""Fixes that only a person who looks at the place may choose: never applied in bulk, whatever flags are given."""


def repairs(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    """The fixes of a finding, best first. None that edits a function which does not parse: nobody knows what it says."""
    offered = [
        fix
        for code_fix in FIXES
        if isinstance(finding.evidence, code_fix.evidence)
        for fix in code_fix.offer(finding, source, settings)
    ]
    for fix in sorted(offered, key=lambda fix: -fix.applicability):
        if not _touches_errors(fix, source):
            yield fix


def _touches_errors(fix: Fix, source: SourceFile) -> bool:
    """Whether an edit lies in a function that has syntax errors, or, outside of all functions, in a file that has some."""
    chunks = split(source.data).functions
    for edit in fix.edits:
        chunk = next((known for known in chunks if known.start <= edit.start < known.end), None)
        text = source.data[chunk.start : chunk.end] if chunk is not None else source.data
        if has_errors(text):
            return True
    return False


def offers(finding: Finding, source: SourceFile, settings: FixSettings) -> Iterator[Fix]:
    """All that can be done about a finding: its repairs, and last of all comments that silence it."""
    yield from repairs(finding, source, settings)
    yield from suppress(finding, source)
