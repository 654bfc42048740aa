"""``python -m benchmarks.fixes``: fix real modules in bulk and see whether they are as good as before."""

from __future__ import annotations

import sys
import tempfile
import tomllib
from pathlib import Path

import cattrs
import click

from benchmarks.fixes.proof import Plan, Proof, prove, table
from benchmarks.precision import modules

PLANS = Path(__file__).with_name("plans.toml")


def plans() -> tuple[Plan, ...]:
    """What is tried, in the order of the file."""
    with PLANS.open("rb") as file:
        return tuple(cattrs.structure(entry, Plan) for entry in tomllib.load(file)["module"])


@click.command()
@click.option("--module", "wanted", multiple=True, help="Only modules whose path contains this.")
@click.option("--work", type=click.Path(path_type=Path), help="Where the copies are put (and stay).")
@click.option("--changed-only", is_flag=True, help="Build and vet only the packages with changed files.")
def main(wanted: tuple[str, ...], work: Path | None, changed_only: bool) -> None:
    """Fix copies of real modules in bulk; they must build, vet, pass their tests and be formatted as before."""
    ledger = {pin.path: pin for pin in modules.load()}
    proofs: list[Proof] = []
    with tempfile.TemporaryDirectory(prefix="caulk-fixes-") as temporary:
        for plan in plans():
            if wanted and not any(part in plan.path for part in wanted):
                continue
            pin = modules.Pin(plan.path, plan.version, kind="") if plan.version else ledger[plan.path]
            for proof in prove(plan, modules.directory(pin), work or Path(temporary), changed_only=changed_only):
                proofs.append(proof)
                for kind in ("build", "vet", "unformatted", "failed", "faults"):
                    for line in getattr(proof, kind):
                        click.echo(f"{plan.path}: {kind}: {line}", err=True)
                click.echo(table([proof]).splitlines()[-1], err=True)
    click.echo(table(proofs))
    sys.exit(0 if all(proof.holds for proof in proofs) else 1)


if __name__ == "__main__":
    main()
