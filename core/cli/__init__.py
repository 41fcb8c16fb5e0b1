"""The command line. One file per group of verbs; everything heavy is imported when its verb runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from core.cli import (
    calibrating,
    cohorts,
    evaluation,
    exporting,
    facts,
    fetching,
    label_files,
    lists,
    mask_sets,
    measuring,
    segmenting,
    serving,
    studies,
    trainings,
)
from core.cli.output import report_failure

DESCRIPTION = "See, train and compare medical image segmentation models. For research; not a medical device."
GROUPS = (
    cohorts,
    facts,
    fetching,
    trainings,
    studies,
    calibrating,
    segmenting,
    exporting,
    serving,
    label_files,
    measuring,
    evaluation,
    mask_sets,
    lists,
)
EPILOG = "Exit codes: 0 done; 1 the input is refused, a sentence says why; 2 wrong usage; 3 a job failed."


def parser() -> argparse.ArgumentParser:
    """Build the whole command line."""
    top = argparse.ArgumentParser("python -m core", description=DESCRIPTION, epilog=EPILOG)
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True)
    for group in GROUPS:
        group.add_verbs(verbs)
    for verb in verbs.choices.values():
        verb.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    # albumentations asks the network for a newer release when it is imported, unless told not to
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
    options = parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 3
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # no traceback reaches the command line
        return report_failure(error, options.json)
    return code


__all__ = ["main", "parser"]
