"""Every rule, one line each. A test names the line that is missing."""

from __future__ import annotations

from functools import cache

from caulk.config.settings import ALL, TIERS, Settings
from caulk.rules.context import (
    background_context_in_request,
    cancel_overwritten,
    cancel_stored_uncalled,
    cancel_uncalled,
    context_grows,
    context_in_struct,
    large_context_value,
    request_context_outlives_handler,
    span_unended,
)
from caulk.rules.databases import (
    client_per_request,
    conn_unreleased,
    pool_unmonitored,
    query_for_exec,
    redis_pool_unbounded,
    row_unscanned,
    rows_error_unchecked,
    rows_unclosed,
    sql_pool_unbounded,
    stmt_unclosed,
    subscription_unclosed,
    tx_unfinished,
)
from caulk.rules.goroutines import (
    break_only_leaves_select,
    callback_after_stop,
    double_send,
    errgroup_not_waited,
    goroutine_never_exits,
    goroutine_without_recover,
    loop_variable_captured,
    range_over_unclosed_channel,
    receive_blocks_forever,
    recover_hygiene,
    select_ignores_cancellation,
    send_blocks_forever,
    spinning_select,
    ticker_loop_never_exits,
    unbounded_goroutines,
    wait_in_spawn_loop,
    waitgroup_add_in_goroutine,
    waitgroup_done_skipped,
    waitgroup_never_done,
)
from caulk.rules.growth import (
    buffer_allocated_per_request,
    callback_registry_grows,
    closure_retains_large_value,
    finalizer_captures_object,
    map_entry_left,
    per_key_lock_grows,
    slice_delete_retains,
    string_concat_in_loop,
    substring_retention,
    unbounded_log_buffer,
    unbounded_map,
    unbounded_slice,
    weak_map_defeated,
)
from caulk.rules.http import (
    http_body_unclosed,
    http_body_undrained,
    http_client_per_request,
    http_client_without_timeout,
    http_response_discarded,
    http_response_overwritten,
    request_without_context,
    websocket_response_closed,
)
from caulk.rules.locks import (
    cond_never_signalled,
    defer_lock,
    double_lock,
    empty_critical_section,
    lock_not_released,
    lock_order_inversion,
    mismatched_unlock,
    recursive_read_lock,
    send_while_locked,
    wait_while_locked,
)
from caulk.rules.pools import (
    oversized_pool_put,
    pool_get_without_put,
    pool_put_by_value,
    pool_put_without_reset,
    use_after_pool_put,
)
from caulk.rules.requests import (
    blocking_log_send,
    close_notify,
    decompression_bomb,
    default_client_mutated,
    detached_send_per_request,
    gin_context_as_context,
    gin_context_in_goroutine,
    gin_context_retained,
    pprof_exposed,
    pprof_missing,
    request_context_retained,
    response_body_captured,
    server_without_timeouts,
    shared_request_state,
    stream_producer_blocks,
    unbounded_request_body,
    unsynchronised_shared_write,
)
from caulk.rules.resources import (
    cgo_memory_unfreed,
    conn_goroutine_leak,
    defer_in_loop,
    defer_unreached,
    deferred_func_not_called,
    partial_construction_leak,
    process_not_waited,
    release_before_error_check,
    resource_unclosed,
    temp_file_left,
    use_after_release,
    writer_close_error_dropped,
)
from caulk.rules.rule import Rule
from caulk.rules.timers import tick_leak, ticker_unstopped, timer_drain_deadlock, timer_in_loop

RULES: tuple[Rule, ...] = (
    http_body_unclosed.RULE,
    http_response_discarded.RULE,
    http_response_overwritten.RULE,
    http_body_undrained.RULE,
    websocket_response_closed.RULE,
    http_client_per_request.RULE,
    http_client_without_timeout.RULE,
    request_without_context.RULE,
    resource_unclosed.RULE,
    partial_construction_leak.RULE,
    conn_goroutine_leak.RULE,
    use_after_release.RULE,
    release_before_error_check.RULE,
    defer_in_loop.RULE,
    deferred_func_not_called.RULE,
    process_not_waited.RULE,
    temp_file_left.RULE,
    writer_close_error_dropped.RULE,
    defer_unreached.RULE,
    rows_unclosed.RULE,
    rows_error_unchecked.RULE,
    row_unscanned.RULE,
    query_for_exec.RULE,
    client_per_request.RULE,
    stmt_unclosed.RULE,
    tx_unfinished.RULE,
    conn_unreleased.RULE,
    subscription_unclosed.RULE,
    cancel_uncalled.RULE,
    cancel_stored_uncalled.RULE,
    cancel_overwritten.RULE,
    context_grows.RULE,
    context_in_struct.RULE,
    background_context_in_request.RULE,
    request_context_outlives_handler.RULE,
    span_unended.RULE,
    gin_context_in_goroutine.RULE,
    gin_context_retained.RULE,
    gin_context_as_context.RULE,
    request_context_retained.RULE,
    unbounded_request_body.RULE,
    server_without_timeouts.RULE,
    pprof_exposed.RULE,
    pprof_missing.RULE,
    shared_request_state.RULE,
    unsynchronised_shared_write.RULE,
    stream_producer_blocks.RULE,
    response_body_captured.RULE,
    blocking_log_send.RULE,
    detached_send_per_request.RULE,
    close_notify.RULE,
    default_client_mutated.RULE,
    unbounded_map.RULE,
    unbounded_slice.RULE,
    weak_map_defeated.RULE,
    map_entry_left.RULE,
    callback_registry_grows.RULE,
    unbounded_log_buffer.RULE,
    per_key_lock_grows.RULE,
    buffer_allocated_per_request.RULE,
    large_context_value.RULE,
    sql_pool_unbounded.RULE,
    redis_pool_unbounded.RULE,
    pool_unmonitored.RULE,
    send_blocks_forever.RULE,
    double_send.RULE,
    receive_blocks_forever.RULE,
    range_over_unclosed_channel.RULE,
    goroutine_never_exits.RULE,
    ticker_loop_never_exits.RULE,
    select_ignores_cancellation.RULE,
    break_only_leaves_select.RULE,
    spinning_select.RULE,
    waitgroup_done_skipped.RULE,
    waitgroup_never_done.RULE,
    errgroup_not_waited.RULE,
    unbounded_goroutines.RULE,
    waitgroup_add_in_goroutine.RULE,
    loop_variable_captured.RULE,
    wait_in_spawn_loop.RULE,
    goroutine_without_recover.RULE,
    callback_after_stop.RULE,
    lock_not_released.RULE,
    double_lock.RULE,
    mismatched_unlock.RULE,
    defer_lock.RULE,
    empty_critical_section.RULE,
    pool_get_without_put.RULE,
    pool_put_without_reset.RULE,
    use_after_pool_put.RULE,
    oversized_pool_put.RULE,
    pool_put_by_value.RULE,
    tick_leak.RULE,
    timer_in_loop.RULE,
    ticker_unstopped.RULE,
    timer_drain_deadlock.RULE,
    recursive_read_lock.RULE,
    send_while_locked.RULE,
    wait_while_locked.RULE,
    lock_order_inversion.RULE,
    cond_never_signalled.RULE,
    finalizer_captures_object.RULE,
    string_concat_in_loop.RULE,
    substring_retention.RULE,
    closure_retains_large_value.RULE,
    slice_delete_retains.RULE,
    decompression_bomb.RULE,
    recover_hygiene.RULE,
    cgo_memory_unfreed.RULE,
)


@cache
def by_code() -> dict[str, Rule]:
    """The rules by their codes."""
    return {rule.code: rule for rule in RULES}


def rule_of(code: str) -> Rule | None:
    """The rule of that code."""
    return by_code().get(code)


def is_selected(code: str, tier: str, settings: Settings) -> bool:
    """Whether a finding of that code and tier is wanted. A code is more specific than a tier, ``ignore`` than ``select``."""
    if code in settings.ignore:
        return False
    if code in settings.select:
        return True
    if tier in settings.ignore:
        return False
    return tier in settings.select or ALL in settings.select


def selected(settings: Settings) -> tuple[Rule, ...]:
    """The rules that can report something under the settings. A rule of one tier may have findings of a lower one."""
    return tuple(
        rule
        for rule in RULES
        if any(is_selected(rule.code, tier, settings) for tier in TIERS[TIERS.index(rule.tier.value) :])
    )
