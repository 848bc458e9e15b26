"""The record on public credit data: one pipeline, every set, no tuning for any of them.

Protocol: five stratified folds (shuffled, seed 42 unless told), AUC, KS, Brier score, log-loss and
H-measure per fold and their mean; everything that learns sees the training fold only. The parts
are spread over processes with one thread each. Finished parts are kept in `var/bench-credit`;
`--resume` goes on from them, `--kept` only shows them, without either they are done again. `--csv`
and `--target` judge the same pipeline on a file of one's own, under a contract inferred from it.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from benchmarks import credit_table
from benchmarks.credit_folds import OUT_OF_TIME, Judged, Part, judge, parts_of
from benchmarks.credit_peers import OUT_OF_TIME as DATED
from benchmarks.credit_peers import PEERS

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "var" / "bench-credit"
MODELS = ("record", "champion")
_TITLE = "credit-record"


def main() -> int:
    """Judge, print a line of JSON per set and the table; where asked, record it."""
    asked = _options()
    if not asked.csv and not asked.data.is_dir():
        print(f"No data at {asked.data}: name the folder of the public sets with --data.")
        return 0
    parts = list(_parts(asked))
    done = _done(parts, asked)
    summaries = credit_table.summaries(done)
    for summary in summaries:
        print(json.dumps(summary.to_dict()), flush=True)
    text = credit_table.text(summaries)
    print(text, file=sys.stderr)
    if asked.record:
        credit_table.record(_TITLE, text)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    beside = ROOT.parent / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside, help="folder of the public sets")
    parser.add_argument("--sets", nargs="*", help="only these, as name or name:variant")
    parser.add_argument("--csv", type=Path, help="a file of one's own instead")
    parser.add_argument("--target", default="bad", help="its column of outcomes, 1 = bad")
    parser.add_argument("--models", nargs="*", choices=MODELS, default=MODELS)
    parser.add_argument("--seeds", nargs="*", type=int, default=[42], help="of the shuffle")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--resume", action="store_true", help="keep parts done before")
    parser.add_argument("--kept", action="store_true", help="only show parts done before")
    parser.add_argument("--record", action="store_true", help="write into docs/benchmarks.md")
    return parser.parse_args()


def _parts(asked: argparse.Namespace) -> Iterator[Part]:
    """Yield the longest parts first, so that no process is left with one at the end."""
    if asked.csv:
        for model, seed in itertools.product(asked.models, asked.seeds):
            yield from parts_of(str(asked.csv), asked.target, seed=seed, model=model)
        return
    for name, variant in sorted(PEERS, key=lambda one: one not in DATED and one[0] != "taiwan"):
        if asked.sets and not {name, f"{name}:{variant}"} & set(asked.sets):
            continue
        for model in asked.models:
            for seed in asked.seeds:
                yield from parts_of(name, variant, seed=seed, model=model)
            if (name, variant) in DATED:
                yield Part(name, variant, 0, OUT_OF_TIME, model)


def _done(parts: list[Part], asked: argparse.Namespace) -> list[Judged]:
    KEPT.mkdir(parents=True, exist_ok=True)
    found, waiting = [], []
    for part in parts:
        file = KEPT / f"{part.key}.json"
        if (asked.resume or asked.kept) and file.exists():
            found.append(Judged.from_json(file.read_text()))
        elif not asked.kept:
            waiting.append(part)
    os.environ["OMP_NUM_THREADS"] = "1"
    fresh = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(asked.workers, mp_context=fresh) as pool:
        running = {pool.submit(judge, part, asked.data): part for part in waiting}
        for number, future in enumerate(as_completed(running), start=1):
            judged = future.result()
            (KEPT / f"{judged.part.key}.json").write_text(judged.to_json())
            print(
                f"{number}/{len(waiting)} {judged.part.key} AUC {judged.auc:.4f}", file=sys.stderr
            )
            found.append(judged)
    return found


if __name__ == "__main__":
    raise SystemExit(main())
