"""The bundled server: its own libraries first, whatever else is installed."""

import sys
from pathlib import Path

if sys.version_info < (3, 11):
    sys.exit(f"caulk needs Python 3.11 or later, this is {sys.version.split()[0]}")

sys.path.insert(0, str(Path(__file__).resolve().parent / "libs"))

from caulk.cli.main import main

main(prog_name="caulk")
