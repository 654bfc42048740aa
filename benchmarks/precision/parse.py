"""Parse the files of a directory once, and print what that took: the yardstick for the cost of everything else."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from caulk.batch.discover import discover
from caulk.syntax.tree import parse


def main(directory: str) -> None:
    """Print files, lines and CPU seconds as JSON. Reading the files is not measured."""
    found = discover([directory])
    texts = [Path(path).read_bytes() for paths in found.packages.values() for path in paths]
    started = time.process_time()
    for text in texts:
        parse(text)
    cpu = time.process_time() - started
    print(json.dumps({"files": len(texts), "lines": sum(text.count(b"\n") for text in texts), "cpu": cpu}))


if __name__ == "__main__":
    main(sys.argv[1])
