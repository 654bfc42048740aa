"""``python -m caulk.dev``: what the developers run by hand."""

from __future__ import annotations

import click

from caulk.dev import signatures
from caulk.semantics.sources import Sources


@click.group()
def main() -> None:
    """Tools for the developers of caulk."""


@main.command("signatures")
@click.option("--goroot", required=True, type=click.Path(exists=True, file_okay=False), help="GOROOT of the newest Go.")
@click.option(
    "--module",
    "modules",
    multiple=True,
    metavar="PATH=DIRECTORY",
    help="A module and where its sources are; all its public packages are taken.",
)
@click.option("--module-cache", default="", help="GOMODCACHE, for the names of packages that those modules import.")
@click.option("--out", required=True, type=click.Path(dir_okay=False), help="The zip file to write.")
def signatures_command(goroot: str, modules: tuple[str, ...], module_cache: str, out: str) -> None:
    """Write the database of library signatures that is shipped."""
    from pathlib import Path

    packages = list(signatures.public_packages(f"{goroot}/src"))
    for written in modules:
        path, _, directory = written.partition("=")
        packages += signatures.public_packages(directory, path)
    sizes = signatures.write(Path(out), packages, Sources(module_cache, goroot))
    click.echo(
        f"{len(sizes)} packages, {sum(sizes.values()):,} bytes of text, {Path(out).stat().st_size:,} bytes zipped"
    )


if __name__ == "__main__":
    main()
