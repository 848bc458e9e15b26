"""Public credit data sets behind one door: `load("german", folder)` returns a `Dataset`.

Every adapter declares what was known at application and nothing later: no identifiers, no
outcomes, and the lender's own pricing only in a variant that says so.
"""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from ml.datasets import (
    australian,
    belanche,
    german,
    hmeq,
    home_credit_sample,
    japanese,
    lendingclub,
    south_german,
    superlender,
    taiwan,
    thomas,
    xente,
)
from ml.datasets._dataset import Dataset
from ml.datasets._reading import DatasetMissing

__all__ = ["Dataset", "DatasetMissing", "load", "names", "variants"]

_ADAPTERS: dict[str, ModuleType] = {
    "australian": australian,
    "belanche": belanche,
    "german": german,
    "hmeq": hmeq,
    "home_credit_sample": home_credit_sample,
    "japanese": japanese,
    "lendingclub": lendingclub,
    "south_german": south_german,
    "superlender": superlender,
    "taiwan": taiwan,
    "thomas": thomas,
    "xente": xente,
}


def names() -> tuple[str, ...]:
    """Return the names of the public sets."""
    return tuple(_ADAPTERS)


def variants(name: str) -> tuple[str, ...]:
    """Return the variants of a set, the usual one first; ValueError for an unknown set."""
    known: tuple[str, ...] = _adapter(name).VARIANTS
    return known


def load(name: str, folder: Path | str, *, variant: str | None = None) -> Dataset:
    """Return a public set read from `folder`, in its usual variant unless one is named.

    ValueError for an unknown set or variant, DatasetMissing where the data is absent.
    """
    loader: Callable[..., Dataset] = _adapter(name).load
    return loader(Path(folder), variant=variant or variants(name)[0])


def _adapter(name: str) -> ModuleType:
    if name not in _ADAPTERS:
        raise ValueError(f"There is no public set {name!r}; there are {', '.join(_ADAPTERS)}.")
    return _ADAPTERS[name]
