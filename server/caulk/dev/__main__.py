"""``python -m caulk.dev``: what the developers run by hand."""

from __future__ import annotations

from pathlib import Path

import click

from caulk.dev import extension, signatures
from caulk.semantics.sources import find_sources


@click.group()
def main() -> None:
    """Tools for the developers of caulk."""


@main.command("signatures")
@click.option("--goroot", required=True, type=click.Path(exists=True, file_okay=False), help="GOROOT of the newest Go.")
@click.option("--go", default="go", help="The go command, which fetches the modules of signatures.toml.")
@click.option("--out", type=click.Path(dir_okay=False), help="The zip file to write; the shipped one by default.")
def signatures_command(goroot: str, go: str, out: str | None) -> None:
    """Write the database of library signatures that is shipped."""
    target = Path(out) if out else Path(__file__).parents[1] / "semantics" / "stubs" / "stubs.zip"
    packages = list(signatures.standard_library(goroot))
    for pin in signatures.pins():
        found = list(signatures.packages_of(pin, signatures.fetch(pin, go)))
        if not found:
            raise click.ClickException(f"{pin.path}@{pin.version}: no package for {', '.join(pin.packages)}")
        packages += found
    sizes = signatures.write(target, packages, find_sources(goroot=goroot))
    text = sum(sizes.values())
    click.echo(f"{len(sizes)} packages, {text:,} bytes of text, {target.stat().st_size:,} bytes zipped")


@main.command("extension")
@click.option("--target", type=click.Choice(list(extension.TARGETS)), default=extension.this_target)
@click.option("--out", required=True, type=click.Path(file_okay=False), help="Directory to pack; emptied first.")
def extension_command(target: str, out: str) -> None:
    """Gather what goes into the VSIX of a platform."""
    extension.stage(target, Path(out))
    size = sum(path.stat().st_size for path in Path(out).rglob("*") if path.is_file())
    click.echo(f"{target}: {size / 1e6:.1f} MB in {out}")


if __name__ == "__main__":
    main()
