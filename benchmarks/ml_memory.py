"""A process of its own that scores many rows and says how far its memory rose.

Started by `bench_ml`: `python -m benchmarks.ml_memory <artefact> <rows> <rows per chunk>`.
"""

import gc
import json
import sys
import time
from pathlib import Path

import pandas as pd

from benchmarks import ml_models
from ml import artefact, artefact_files
from ml.application_schema import SCHEMA

KIBIBYTE = 1024
# proc(5): 5 sets the peak back to what is held now.
_RESET_PEAK = "5"


def main(path: str, rows: int, chunk: int) -> None:
    """Print as JSON the bytes that scoring added to the process's peak, and the seconds."""
    packed = artefact_files.read(Path(path))
    scorer = artefact.load(packed.body, packed.manifest, expected_sha256=packed.sha256)
    few = ml_models.applications()[list(SCHEMA.names)]
    # What the first call sets up for good is not the rows' memory.
    scorer.score_frame(few.head(1000))
    frame = _grown(few, rows)
    _forget_peak()
    before, began = _peak(), time.perf_counter()
    risk = 0.0
    for part in scorer.score_chunks(frame, rows=chunk):
        risk += float(part.sum())
    seconds = time.perf_counter() - began
    print(json.dumps({"bytes": _peak() - before, "seconds": seconds, "mean": risk / rows}))


def _grown(few: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Return so many rows, made column by column: a larger peak on the way would hide the rise."""
    copies = -(-rows // len(few))
    columns = {
        name: pd.concat([few[name]] * copies, ignore_index=True).iloc[:rows] for name in few.columns
    }
    return pd.DataFrame(columns, copy=False)


def _forget_peak() -> None:
    """Let the kernel count the peak from now on: making the table held more than scoring it."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text(_RESET_PEAK)


def _peak() -> int:
    """Return the most memory the process has held since the peak was forgotten, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    (peak,) = [line for line in lines if line.startswith("VmHWM:")]
    return int(peak.split()[1]) * KIBIBYTE


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
