"""The VS Code extension as it is packed: settings from the registry of rules, libraries for every CPython of one platform."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from caulk.config.settings import ALL, SEVERITIES, TIERS
from caulk.rules.registry import RULES
from caulk.version import __version__

ROOT = Path(__file__).parents[3]
EXTENSION = ROOT / "vscode-extension"
PICTURES = ROOT / "docs" / "editors" / "images"
COPIED = ("LICENSE", "README.md", ".vscodeignore", "images", "out/extension.js", "bundled/run.py")

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
NATIVE = ("tree-sitter", "tree-sitter-go")
"""Libraries with compiled parts: their files carry the version of CPython in their names, so that all lie side by side."""
TARGETS = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_5_x86_64"),
    "linux-arm64": ("manylinux_2_28_aarch64", "manylinux_2_17_aarch64", "manylinux2014_aarch64"),
    "alpine-x64": ("musllinux_1_2_x86_64", "musllinux_1_1_x86_64"),
    "darwin-x64": ("macosx_10_9_x86_64", "macosx_10_13_x86_64", "macosx_10_15_x86_64", "macosx_11_0_x86_64"),
    "darwin-arm64": ("macosx_11_0_arm64", "macosx_14_0_arm64"),
    "win32-x64": ("win_amd64",),
    "win32-arm64": ("win_arm64",),
}
_NAME = re.compile(r"[\w.-]+")


def this_target() -> str:
    """The platform that this runs on, as the marketplace names it."""
    system = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}.get(platform.system(), "linux")
    system = "alpine" if Path("/etc/alpine-release").exists() else system
    return f"{system}-{'arm64' if platform.machine().lower() in ('arm64', 'aarch64') else 'x64'}"


def stage(target: str, out: Path) -> None:
    """Lay everything that goes into the VSIX of a platform into the directory ``out``."""
    shutil.rmtree(out, ignore_errors=True)
    for name in COPIED:
        source, copy = EXTENSION / name, out / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy)
        else:
            shutil.copy(source, copy)
    shutil.copy(ROOT / "CHANGELOG.md", out)
    manifest = package(json.loads((EXTENSION / "package.json").read_text(encoding="utf-8")))
    (out / "package.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    for picture in pictures(manifest):
        (out / picture).parent.mkdir(exist_ok=True)
        shutil.copy(PICTURES / f"vscode-{Path(picture).name}", out / picture)
    bundle(target, out / "bundled" / "libs")
    (out / "bundled" / "platform").write_text(f"{target}\n")


# -- the manifest


def package(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with what the registry knows: the version, and the codes and tiers that settings may name."""
    settings = manifest["contributes"]["configuration"]["properties"]
    for key in ("caulk.select", "caulk.ignore"):
        settings[key]["items"] = choices()
    settings["caulk.severity"]["properties"] = {
        rule.code: {"type": "string", "enum": list(SEVERITIES), "description": f"{rule.summary}."} for rule in RULES
    }
    # the bundle holds its libraries already: nobody shall install them
    kept = {key: value for key, value in manifest.items() if key not in ("dependencies", "devDependencies", "scripts")}
    return {**kept, "version": __version__}


def choices() -> dict[str, Any]:
    """The words of ``select`` and ``ignore``, each with what it means."""
    tiers = {ALL: "Every rule.", **{tier: f"All rules of the tier {tier}." for tier in TIERS}}
    known = {**tiers, **{rule.code: f"{rule.summary} ({rule.tier.value})." for rule in RULES}}
    return {"type": "string", "enum": list(known), "enumDescriptions": list(known.values())}


def pictures(manifest: dict[str, Any]) -> list[str]:
    """The pictures that the walkthroughs show."""
    steps = (step for walkthrough in manifest["contributes"]["walkthroughs"] for step in walkthrough["steps"])
    return sorted({step["media"]["image"] for step in steps})


# -- the libraries


def bundle(target: str, libs: Path) -> None:
    """caulk and what it needs, for every supported Python of a platform; any machine can do it for any other."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    native = [line for line in wanted if _name(line) in NATIVE]
    pure = [line for line in wanted if _name(line) not in NATIVE]
    _pip("install", "--no-compile", "--only-binary", ":all:", "--target", libs, *pure)
    _pip("install", "--no-compile", "--no-deps", "--upgrade", "--target", libs, ROOT)
    with tempfile.TemporaryDirectory() as folder:
        platforms = [word for tag in TARGETS[target] for word in ("--platform", tag)]
        for python in PYTHONS:
            version = ("--implementation", "cp", "--python-version", python)
            _pip("download", "--no-deps", "--only-binary", ":all:", *version, *platforms, "--dest", folder, *native)
        for wheel in sorted(Path(folder).glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(libs)
    for unused in (libs / "bin", *libs.rglob("__pycache__")):
        shutil.rmtree(unused, ignore_errors=True)


def _name(requirement: str) -> str:
    match = _NAME.match(requirement)
    return match[0] if match else requirement


def _pip(command: str, *words: str | Path) -> None:
    quiet: Iterable[str] = ("--quiet", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", command, *quiet, *map(str, words)], check=True)
