"""Fix many packages: each is analysed and fixed where it is read, and nothing is written."""

from __future__ import annotations

from caulk.batch.runner import Report, Work, fault, workspace_of
from caulk.semantics.contracts import ContractError
from caulk_codefixes.loop import fix_package


def mend(work: Work, *, unsafe: bool) -> tuple[int, Report]:
    """The number of files, and what became of those that have findings. ``unsafe``: fixes that may change behaviour too."""
    settings, directory, files = work
    try:
        results = fix_package(workspace_of(settings, directory), directory, files, unsafe=unsafe)
    except ContractError:
        raise
    except Exception as error:
        return len(files), Report(errors=[fault(directory, error)])
    report = Report()
    for path, result in results.items():
        report.lines += result.before.count(b"\n")
        report.errors += result.analysis_errors
        if result.changed or result.remaining or result.dropped or result.error:
            report.fixed[path] = result
    return len(files), report
