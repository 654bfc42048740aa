"""Where declarations are found: modules, workspaces, vendor, the module cache, GOROOT, other platforms."""

from __future__ import annotations

from pathlib import Path

import pytest

from caulk.ir import nodes as ir
from caulk.ir.lower import lower_function
from caulk.ir.visit import expressions
from caulk.semantics.build_tags import DEFAULT, Configuration, configuration_of
from caulk.semantics.gomod import find_module, semver_key
from caulk.semantics.model import Callee, CalleeKind
from caulk.semantics.packages import Package, PackageFile
from caulk.semantics.sources import Sources, find_sources
from caulk.semantics.typer import Typer
from caulk.semantics.world import World
from caulk.syntax.split import split


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def package_in(world: World, directory: Path, *names: str) -> Package:
    """The package of some files of a directory; of all Go files without names."""
    paths = [directory / name for name in names] or sorted(directory.glob("*.go"))
    return world.package_of(str(directory), [(str(path), path.read_bytes()) for path in paths])


def callees(world: World, package: Package, file: PackageFile, function: str) -> list[Callee]:
    """What a function of a file calls, innermost calls first."""
    data = Path(file.path).read_bytes()
    for chunk in split(data).functions:
        lowered = lower_function(data[chunk.start : chunk.end])
        if lowered is not None and lowered.name == function and lowered.body is not None:
            typer = Typer(world, package, file, lowered)
            calls = [e for e in expressions(lowered.body, literals=True) if isinstance(e, ir.Call)]
            return [typer.callee(call) for call in sorted(calls, key=lambda call: call.end)]
    raise AssertionError(function)


def names(world: World, directory: Path, function: str = "f") -> list[str]:
    """The names of what a function calls whose declarations are known, unknown ones as ``?``."""
    package = package_in(world, directory)
    found = [callees(world, package, file, function) for file in package.files if _has(file, function)]
    return [callee.declared_name if callee.signature is not None else "?" for callee in found[0]]


def _has(file: PackageFile, function: str) -> bool:
    return any(declared.name == function for declared in file.decls.functions)


def module(path: str, *lines: str) -> str:
    return "\n".join([f"module {path}", "go 1.24", *lines, ""])


def source(package: str, imported: str, call: str) -> str:
    return f'package {package}\n\nimport "{imported}"\n\nfunc f() {{ {call} }}\n'


# -- modules


def test_the_module_cache_at_the_selected_version(tmp_path: Path) -> None:
    cache, app = tmp_path / "mod", tmp_path / "app"
    write(
        cache,
        {
            "example.com/!up/dep@v1.2.0/go.mod": module("example.com/Up/dep", "require example.com/deep v1.0.0"),
            "example.com/!up/dep@v1.2.0/d.go": 'package dep\n\nimport "example.com/deep"\n\nfunc New() *deep.T { return nil }\n',
            "example.com/!up/dep@v1.1.0/d.go": "package dep\n\nfunc New() int { return 0 }\n",
            # the main module decides, not the go.mod of dep
            "example.com/deep@v1.0.0/x.go": "package deep\n\ntype T struct{}\n",
            "example.com/deep@v1.5.0/x.go": "package deep\n\ntype T struct{}\n\nfunc (T) Close() {}\n",
        },
    )
    write(
        app,
        {
            "go.mod": module(
                "example.com/app",
                "require (",
                "\texample.com/Up/dep v1.2.0",
                "\texample.com/deep v1.5.0 // indirect",
                ")",
            ),
            "a.go": source("app", "example.com/Up/dep", "dep.New().Close()"),
        },
    )
    world = World(sources=Sources(str(cache)))
    assert names(world, app) == ["example.com/Up/dep.New", "example.com/deep.T.Close"]
    assert names(World(), app) == ["?", "?"]


def test_replacements_by_module_and_by_directory(tmp_path: Path) -> None:
    cache, app = tmp_path / "mod", tmp_path / "app"
    write(
        cache,
        {
            "example.com/fork@v0.2.0/d.go": "package old\n\nfunc Forked() {}\n",
            "example.com/old@v1.0.0/d.go": "package old\n\nfunc Old() {}\n",
            "example.com/kept@v1.0.0/k.go": "package kept\n\nfunc Kept() {}\n",
        },
    )
    lines = (
        "require example.com/old v1.0.0",
        "require example.com/kept v1.0.0",
        "replace example.com/old v1.0.0 => example.com/fork v0.2.0",
        "replace example.com/kept v1.1.0 => ../nowhere",
        "replace example.com/local => ./local",
    )
    write(
        app,
        {
            "go.mod": module("example.com/app", *lines),
            "local/sub/s.go": "package sub\n\nfunc Local() {}\n",
            "one/a.go": source("one", "example.com/old", "old.Forked()"),
            "two/a.go": source("two", "example.com/kept", "kept.Kept()"),
            "three/a.go": source("three", "example.com/local/sub", "sub.Local()"),
        },
    )
    world = World(sources=Sources(str(cache)))
    assert names(world, app / "one") == ["example.com/old.Forked"]
    assert names(world, app / "two") == ["example.com/kept.Kept"]
    assert names(world, app / "three") == ["example.com/local/sub.Local"]


def test_siblings_of_a_workspace_and_its_vendor_directory(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.work": "go 1.24\n\nuse (\n\t./a\n\t./b\n)\n",
            "a/go.mod": module("example.com/a", "require example.com/b v1.0.0"),
            "a/x/x.go": source("x", "example.com/b/y", "y.Sibling()"),
            "a/v/v.go": source("v", "example.com/third", "third.Vendored()"),
            "b/go.mod": module("example.com/b"),
            "b/y/y.go": "package y\n\nfunc Sibling() {}\n",
            "vendor/example.com/third/t.go": "package third\n\nfunc Vendored() {}\n",
            # a module beside the workspace that it does not use
            "c/go.mod": module("example.com/c"),
            "c/c.go": source("c", "example.com/b/y", "y.Sibling()"),
        },
    )
    assert names(World(), tmp_path / "a" / "x") == ["example.com/b/y.Sibling"]
    assert names(World(), tmp_path / "a" / "v") == ["example.com/third.Vendored"]
    assert names(World(), tmp_path / "c") == ["?"]


def test_minimal_version_selection_for_old_go_mod_files(tmp_path: Path) -> None:
    cache, app = tmp_path / "mod", tmp_path / "app"
    download = "cache/download/example.com"
    write(
        cache,
        {
            f"{download}/dep/@v/v1.0.0.mod": "module example.com/dep\n\nrequire example.com/deep v1.3.0\n",
            f"{download}/deep/@v/v1.3.0.mod": "module example.com/deep\n",
            "example.com/dep@v1.0.0/d.go": 'package dep\n\nimport "example.com/deep"\n\nfunc New() *deep.T { return nil }\n',
            "example.com/deep@v1.3.0/x.go": "package deep\n\ntype T struct{}\n\nfunc (T) Close() {}\n",
        },
    )
    write(
        app,
        {
            "go.mod": "module example.com/app\n\ngo 1.14\n\nrequire example.com/dep v1.0.0\n",
            "a.go": source("app", "example.com/dep", "dep.New().Close()"),
        },
    )
    assert names(World(sources=Sources(str(cache))), app)[-1] == "example.com/deep.T.Close"


def test_a_module_of_the_cache_is_a_main_module_of_its_own(tmp_path: Path) -> None:
    root = tmp_path / "pkg" / "mod"
    write(root, {"example.com/!old/thing@v0.1.0/sub/s.go": "package sub\n"})
    found = find_module(str(root / "example.com/!old/thing@v0.1.0/sub"), lambda path: Path(path).read_bytes())
    assert found is not None and found.path == "example.com/Old/thing"
    assert World().import_path(str(root / "example.com/!old/thing@v0.1.0/sub")) == "example.com/Old/thing/sub"


def test_versions_have_an_order() -> None:
    versions = ["v1.10.0", "v2.0.0+incompatible", "v1.2.0", "v1.2.0-rc.10", "v1.2.0-rc.2"]
    wanted = ["v1.2.0-rc.2", "v1.2.0-rc.10", "v1.2.0", "v1.10.0", "v2.0.0+incompatible"]
    assert sorted(versions, key=semver_key) == wanted


# -- imports


def test_an_import_is_only_known_under_the_name_that_it_has(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.mod": module("m.test"),
            "dep-go/d.go": "package realname\n\nfunc F() {}\n",
            "dep/d.go": "package dep\n\nfunc F() {}\n",
            "a.go": 'package a\n\nimport (\n\tother "m.test/dep"\n\t"m.test/dep-go"\n)\n\nfunc f() { dep.F(); other.F(); realname.F() }\n',
        },
    )
    assert names(World(), tmp_path) == ["?", "m.test/dep.F", "m.test/dep-go.F"]


def test_dot_imports_give_exported_names_only(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.mod": module("m.test"),
            "dep/d.go": "package dep\n\nfunc Exported() {}\n\nfunc hidden() {}\n",
            "a.go": 'package a\n\nimport . "m.test/dep"\n\nfunc f() { Exported(); hidden() }\n',
        },
    )
    assert names(World(), tmp_path) == ["m.test/dep.Exported", "?"]


# -- one package seen by others


def test_what_an_importer_has_seen_takes_nothing_from_the_package_itself(tmp_path: Path) -> None:
    """The importer sees the package without its tests; the package, analysed later, has all its methods."""
    write(
        tmp_path,
        {
            "go.mod": module("m.test"),
            "dep/d.go": "package dep\n\ntype T struct{}\n\nfunc New() *T { return nil }\n",
            "dep/d_test.go": "package dep\n\nfunc (t *T) helper() {}\n\nfunc f() { New().helper() }\n",
            "a.go": source("a", "m.test/dep", "dep.New().helper()"),
        },
    )
    world = World()
    assert names(world, tmp_path) == ["m.test/dep.New", "?"]
    assert names(world, tmp_path / "dep") == ["m.test/dep.New", "m.test/dep.T.helper"]
    assert names(world, tmp_path) == ["m.test/dep.New", "?"]


def test_external_tests_see_what_the_tests_inside_declare(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.mod": module("m.test"),
            "p.go": "package p\n\ntype hidden struct{}\n\nfunc (hidden) Close() {}\n",
            "export_test.go": "package p\n\nvar Hidden = hidden{}\n",
            "p_test.go": source("p_test", "m.test", "p.Hidden.Close()"),
        },
    )
    world = World()
    package = package_in(world, tmp_path, "p_test.go")
    assert [c.name for c in callees(world, package, package.files[0], "f")] == ["m.test.hidden.Close"]


# -- platforms


def test_a_file_of_another_platform_is_looked_at_in_its_own(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "go.mod": module("m.test"),
            "dep/d_linux.go": "package dep\n\nfunc Open() int { return 0 }\n",
            "dep/d_windows.go": "package dep\n\ntype Handle struct{}\n\nfunc (Handle) Close() {}\n\nfunc Open() Handle { return Handle{} }\n",
            "a.go": "package a\n\nfunc own() int { return 0 }\n",
            "a_windows.go": source("a", "m.test/dep", "dep.Open().Close(); own()"),
            "b.go": '//go:build darwin && !cgo\n\npackage a\n\nfunc variant() string { return "" }\n\nfunc g() { variant() }\n',
            "c.go": "//go:build !darwin\n\npackage a\n\nfunc variant() int { return 0 }\n\nfunc h() { variant() }\n",
        },
    )
    world = World()
    package = package_in(world, tmp_path)
    files = {Path(file.path).name: file for file in package.files}
    of_windows = callees(world, package, files["a_windows.go"], "f")
    assert [c.name for c in of_windows] == ["m.test/dep.Open", "m.test/dep.Handle.Close", "m.test.own"]
    found = callees(world, package, files["c.go"], "h")[0]
    assert found.declared is not None and found.declared.file is files["c.go"]
    found = callees(world, package, files["b.go"], "g")[0]
    assert found.declared is not None and found.declared.file is files["b.go"]


@pytest.mark.parametrize(
    ("path", "constraint", "wanted"),
    [
        ("a.go", "", DEFAULT),
        ("a_linux_amd64_test.go", "", DEFAULT),
        ("linux.go", "", DEFAULT),
        ("a_windows.go", "", Configuration("windows")),
        ("a_darwin_arm64.go", "", Configuration("darwin", "arm64")),
        ("a.go", "!linux", Configuration("windows")),
        ("a.go", "unix && !linux", Configuration("darwin")),
        ("a.go", "integration", Configuration(tags=frozenset({"integration"}))),
        ("a.go", "(linux && arm64) || plan9", Configuration("linux", "arm64")),
        ("a.go", "ignore", Configuration(tags=frozenset({"ignore"}))),
        ("a.go", "darwin && !cgo", Configuration("darwin", without=frozenset({"cgo"}))),
        ("a.go", "!go1.20", Configuration(without=frozenset({"go1.20"}))),
        ("a.go", "&& broken (", DEFAULT),
    ],
)
def test_configurations(path: str, constraint: str, wanted: Configuration) -> None:
    assert configuration_of(path, constraint) == wanted


# -- values that hold functions


def test_a_method_value_keeps_its_identity(tmp_path: Path) -> None:
    body = "r := T{}; done := r.Close; done(); open := New; open(); again := r.Close; again = nil; again()"
    write(
        tmp_path,
        {
            "go.mod": module("m.test"),
            "a.go": f"package a\n\ntype T struct{{}}\n\nfunc (T) Close() {{}}\n\nfunc New() {{}}\n\nfunc f() {{ {body} }}\n",
        },
    )
    world = World()
    package = package_in(world, tmp_path)
    found = callees(world, package, package.files[0], "f")
    assert [callee.kind for callee in found] == [CalleeKind.VALUE] * 3
    assert [callee.held.name if callee.held else None for callee in found] == ["m.test.T.Close", "m.test.New", None]


# -- finding Go


def goroot_at(directory: Path) -> str:
    write(
        directory,
        {"src/builtin/builtin.go": "package builtin\n", "VERSION": "go1.26.1\n", "bin/go": "#!/bin/sh\nexit 1\n"},
    )
    (directory / "bin" / "go").chmod(0o755)
    return str(directory)


def test_go_is_found_without_running_it(tmp_path: Path) -> None:
    root = goroot_at(tmp_path / "go")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "go").symlink_to(tmp_path / "go" / "bin" / "go")
    home = {"HOME": str(tmp_path / "home"), "PATH": ""}
    assert find_sources(environment={**home, "GOROOT": root}).goroot == root
    assert find_sources(environment={**home, "PATH": str(tmp_path / "bin")}).goroot == root
    assert find_sources(goroot="off", environment={**home, "GOROOT": root}).goroot == ""
    assert find_sources(goroot=root, environment=home).goroot == root
    assert find_sources(goroot=str(tmp_path), environment=home).goroot == ""


def test_the_module_cache_is_where_the_go_command_has_it(tmp_path: Path) -> None:
    cache = tmp_path / "path" / "pkg" / "mod"
    cache.mkdir(parents=True)
    home = {"HOME": str(tmp_path / "home"), "PATH": "", "GOENV": "off"}
    assert find_sources(environment=home).module_cache == ""
    assert find_sources(environment={**home, "GOMODCACHE": str(cache)}).module_cache == str(cache)
    assert find_sources(environment={**home, "GOPATH": str(tmp_path / "path")}).module_cache == str(cache)
    assert find_sources(module_cache="off", environment={**home, "GOMODCACHE": str(cache)}).module_cache == ""
    write(tmp_path, {"env": f"GOPATH={tmp_path / 'path'}\n"})
    assert find_sources(environment={**home, "GOENV": str(tmp_path / "env")}).module_cache == str(cache)
    default = tmp_path / "home" / "go" / "pkg" / "mod"
    default.mkdir(parents=True)
    assert find_sources(environment=home).module_cache == str(default)


def test_a_newer_go_is_read_in_place_of_the_shipped_signatures(tmp_path: Path) -> None:
    root = Path(goroot_at(tmp_path / "go"))
    write(root, {"src/go.mod": "module std\n\ngo 1.99\n", "src/strings/s.go": "package strings\n\nfunc Newest() {}\n"})
    write(tmp_path / "app", {"go.mod": module("m.test"), "a.go": source("a", "strings", "strings.Newest()")})
    assert names(World(sources=Sources(goroot=str(root))), tmp_path / "app") == ["?"]
    (root / "VERSION").write_text("go1.99.1\n")
    assert names(World(sources=Sources(goroot=str(root))), tmp_path / "app") == ["strings.Newest"]
