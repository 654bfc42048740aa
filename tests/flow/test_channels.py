"""Channels of a function: who else holds an end, and who waits for whom."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from caulk.config.settings import Settings
from caulk.engine.workspace import Workspace
from caulk.flow.channels import Channel, Ends, Use, channels_in
from caulk.flow.program import FunctionUnit, Program
from caulk.flow.rendezvous import Stuck


def unit_of(tmp_path: Path, body: str, more: str = "") -> FunctionUnit:
    """The function ``f`` with that body, in a package with the declarations ``more``."""
    path = tmp_path / "f.go"
    text = f"package p\n\n{dedent(more)}\nfunc f(n int, keep func(chan int), watch func(<-chan int)) (out chan int) {{\n{dedent(body)}\n}}\n"
    path.write_text(text)
    program = program_of(path)
    (unit,) = program.named("", "f")
    return unit


def program_of(path: Path) -> Program:
    workspace = Workspace(Settings())
    return workspace._program(str(path.parent), {str(path): path.read_bytes()})


def channel_of(tmp_path: Path, body: str, more: str = "") -> Channel:
    (channel,) = channels_in(unit_of(tmp_path, body, more))
    return channel


def stuck_in(tmp_path: Path, body: str, more: str = "") -> list[Stuck]:
    """The goroutines that wait for ever; where the function itself may wait is left out."""
    unit = unit_of(tmp_path, body, more)
    assert not any(exploration.exceeded for exploration in unit.explorations)
    return [stuck for exploration in unit.explorations for stuck in exploration.stuck if stuck.spawn]


# -- who holds the ends


@pytest.mark.parametrize(
    ("body", "held"),
    [
        ("ch := make(chan int)\ngo func() { ch <- 1 }()\n<-ch\nreturn nil", Ends.NONE),
        ("ch := make(chan int)\nother := ch\nother <- 1\nreturn nil", Ends.NONE),
        ("ch := make(chan int)\nkeep(ch)\nreturn nil", Ends.BOTH),
        ("ch := make(chan int)\nwatch(ch)\nreturn nil", Ends.RECEIVE),
        ("ch := make(chan int)\nout = ch\nreturn", Ends.BOTH),
        ("ch := make(chan int)\n_ = []chan int{ch}\nreturn nil", Ends.BOTH),
        ("ch := make(chan int)\nlater := func() { ch <- 1 }\nlater()\nreturn nil", Ends.NONE),
        ("ch := make(chan int)\nruns(func() { ch <- 1 })\nreturn nil", Ends.SEND),
        ("ch := make(chan int)\nruns(func() { <-ch })\nreturn nil", Ends.RECEIVE),
        ("ch := make(chan int)\nfill(ch)\nreturn nil", Ends.NONE),
        ("ch := make(chan int)\nif ch == nil {\n\treturn nil\n}\nclose(ch)\nreturn nil", Ends.NONE),
    ],
)
def test_ends_that_others_hold(tmp_path: Path, body: str, held: Ends) -> None:
    more = """
        var runs func(func())

        func fill(to chan<- int) {
        \tto <- 1
        }
    """
    assert channel_of(tmp_path, body, more).held == held


def test_a_returned_channel_is_given_to_the_caller(tmp_path: Path) -> None:
    channel = channel_of(tmp_path, "ch := make(chan int)\nreturn ch")
    assert channel.held == Ends.NONE
    assert channel.given == Ends.BOTH
    assert len(channel.returned) == 1


def test_uses_are_found_through_parameters(tmp_path: Path) -> None:
    more = """
        func fill(to chan<- int) {
        \tto <- 1
        \tclose(to)
        }
    """
    channel = channel_of(tmp_path, "ch := make(chan int)\ngo fill(ch)\nfor range ch {\n}\nreturn nil", more)
    assert sorted(use.use.name for use in channel.uses) == ["CLOSE", "RANGE", "SEND"]
    assert {use.unit.name for use in channel.of(Use.SEND)} == {"fill"}


def test_a_channel_that_gets_another_value_is_not_followed(tmp_path: Path) -> None:
    assert channels_in(unit_of(tmp_path, "ch := make(chan int)\nch = nil\nreturn ch")) == []


@pytest.mark.parametrize(("size", "capacity"), [("", 0), (", 1", 1), (", 2", 2), (", 64", None), (", n", None)])
def test_capacity(tmp_path: Path, size: str, capacity: int | None) -> None:
    assert channel_of(tmp_path, f"ch := make(chan int{size})\nclose(ch)\nreturn nil").capacity == capacity


# -- who waits for whom


def test_nobody_waits_when_all_is_received(tmp_path: Path) -> None:
    assert stuck_in(tmp_path, "ch := make(chan int)\ngo func() { ch <- 1 }()\n<-ch\nreturn nil") == []


def test_a_way_out_without_receiving(tmp_path: Path) -> None:
    body = "ch := make(chan int)\ngo func() { ch <- 1 }()\nif n > 0 {\n\treturn nil\n}\n<-ch\nreturn nil"
    (stuck,) = stuck_in(tmp_path, body)
    assert stuck.use is Use.SEND
    assert stuck.left is not None
    assert stuck.unit.line(stuck.left.start) == 8


def test_the_choice_of_the_select_is_told(tmp_path: Path) -> None:
    body = """
        ch := make(chan int)
        go func() { ch <- 1 }()
        select {
        case <-ch:
        case <-out:
        }
        return nil
    """
    (stuck,) = stuck_in(tmp_path, body)
    assert stuck.chosen is not None
    assert stuck.unit.source_text(stuck.chosen) == "<-out"


def test_a_deferred_close_frees_the_receiver(tmp_path: Path) -> None:
    body = "ch := make(chan int)\ndefer close(ch)\ngo func() { <-ch }()\nif n > 0 {\n\treturn nil\n}\nreturn nil"
    assert stuck_in(tmp_path, body) == []


def test_the_same_condition_has_the_same_outcome(tmp_path: Path) -> None:
    body = """
        ch := make(chan int)
        if n > 0 {
        \tgo func() { ch <- 1 }()
        }
        if n > 0 {
        \t<-ch
        }
        return nil
    """
    assert stuck_in(tmp_path, body) == []


@pytest.mark.parametrize(("receives", "blocked"), [(1, True), (2, False)])
def test_counted_loops_are_exact_for_small_numbers(tmp_path: Path, receives: int, blocked: bool) -> None:
    body = "ch := make(chan int)\nfor range 2 {\n\tgo func() { ch <- 1 }()\n}\n" + "<-ch\n" * receives + "return nil"
    assert bool(stuck_in(tmp_path, body)) is blocked


def test_a_collecting_loop_meets_all_its_partners(tmp_path: Path) -> None:
    body = "ch := make(chan int)\nfor range n {\n\tgo func() { ch <- 1 }()\n}\nfor range n {\n\t<-ch\n}\nreturn nil"
    assert stuck_in(tmp_path, body) == []


def test_a_clause_that_is_nil_is_never_taken(tmp_path: Path) -> None:
    body = """
        ch := make(chan int)
        var off chan int
        go func() { ch <- 1 }()
        select {
        case <-off:
        case <-ch:
        }
        off = keep2
        return nil
    """
    assert stuck_in(tmp_path, body, "var keep2 chan int\n") == []


def test_too_many_states_are_given_up_on(tmp_path: Path) -> None:
    workers = "go func() {\n\tfor {\n\t\tselect {\n\t\tcase v := <-ch:\n\t\t\tch <- v\n\t\tcase v := <-other:\n\t\t\tother <- v\n\t\t}\n\t}\n}()\n"
    body = "ch, other := make(chan int, 2), make(chan int, 2)\n" + workers * 6 + "ch <- 1\nother <- 1\n<-ch\nreturn nil"
    unit = unit_of(tmp_path, body)
    assert all(exploration.exceeded or not exploration.stuck for exploration in unit.explorations)


def test_broken_text_is_survived(tmp_path: Path) -> None:
    unit = unit_of(tmp_path, "ch := make(chan int\ngo func() { ch <- }(\nselect { case <-ch: default }\n")
    assert isinstance(unit.blocked, tuple)


def test_a_loop_that_starts_goroutines_runs_once_at_least(tmp_path: Path) -> None:
    body = "ch := make(chan int)\nfor range n {\n\tgo func() { <-ch }()\n}\ngo func() {\n\tch <- 1\n\tclose(ch)\n}()\nreturn nil"
    assert stuck_in(tmp_path, body) == []


@pytest.mark.parametrize(
    ("param", "blocked"), [("cmd *cobra.Command", 0), ("ctx *cli.Context", 0), ("group *cobra.Group", 1)]
)
def test_what_a_command_leaves_waiting_ends_with_the_process(tmp_path: Path, param: str, blocked: int) -> None:
    imports = 'import (\n"github.com/minio/cli"\n"github.com/spf13/cobra"\n)\n'
    body = f"""
        run := func({param}) int {{
            values := make(chan int)
            go func() {{ values <- n }}()
            if n > 2 {{
                return 0
            }}
            return <-values
        }}
        run(nil)
        return nil
    """
    assert len(unit_of(tmp_path, body, imports).blocked) == blocked


@pytest.mark.parametrize(
    ("registered", "blocked"),
    [
        ("var c = Command{Run: f}", 0),
        ("type Command struct{}\nvar c = &Command{}\nfunc init() { c.RunE = wrap(f) }", 0),
        ("var c = Command{Run: g}", 1),
    ],
)
def test_what_is_registered_as_a_command_runs_once(tmp_path: Path, registered: str, blocked: int) -> None:
    body = "ch := make(chan int)\ngo func() { ch <- n }()\nif n > 2 {\n\treturn nil\n}\n<-ch\nreturn nil"
    assert len(unit_of(tmp_path, body, registered).blocked) == blocked


def test_what_waits_for_goroutines_tells_after_they_have_sent(tmp_path: Path) -> None:
    body = """
        errs, done := make(chan int), make(chan struct{})
        var wg sync.WaitGroup
        wg.Add(1)
        go func() {
            defer wg.Done()
            for i := range n {
                errs <- i
            }
        }()
        go func() {
            wg.Wait()
            close(done)
        }()
        for {
            select {
            case <-errs:
            case <-done:
                return nil
            }
        }
    """
    assert stuck_in(tmp_path, body, 'import "sync"\n') == []
