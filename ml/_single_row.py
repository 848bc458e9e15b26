"""LightGBM's trees for one row at a time, without what a call for many rows sets up anew.

`Booster.predict` spends four fifths of the time for one row on preparing itself. LightGBM's own
single-row configuration prepares once; its numbers are those of `predict` to the last bit. It has
no public name in Python, so the two that are used here are guarded by a test.

Every thread has a configuration and an answer of its own, so threads neither wait nor mix.
"""

import ctypes
import threading
import weakref

import lightgbm
import numpy as np
from lightgbm.basic import _LIB, _safe_call  # type: ignore[attr-defined]  # no public name

from ml.estimator import Floats

# LightGBM's c_api.h.
_RAW_SCORE, _CONTRIBUTIONS = 1, 3
_FLOAT64 = 1


class SingleRow:
    """What trees say of one row. The booster must not change afterwards."""

    def __init__(self, booster: lightgbm.Booster) -> None:
        self._booster = booster
        self._own = threading.local()

    def margins(self, row: Floats) -> Floats:
        """Return `predict(row, raw_score=True)` of a matrix of one row."""
        try:
            prepared: _Prepared = self._own.margins
        except AttributeError:
            prepared = self._own.margins = _Prepared(self._booster, _RAW_SCORE, 1)
        return prepared.answer(row)

    def contributions(self, row: Floats) -> Floats:
        """Return `predict(row, pred_contrib=True)` of a matrix of one row."""
        try:
            prepared: _Prepared = self._own.contributions
        except AttributeError:
            size = self._booster.num_feature() + 1
            prepared = self._own.contributions = _Prepared(self._booster, _CONTRIBUTIONS, size)
        return prepared.answer(row).reshape(1, -1)


class _Prepared:
    """One kind of question, ready to be asked by one thread."""

    def __init__(self, booster: lightgbm.Booster, kind: int, size: int) -> None:
        # The configuration points into the booster, which therefore must live as long.
        self._booster = booster
        self._columns = booster.num_feature()
        self._answer = np.empty(size, dtype=np.float64)
        self._length = ctypes.c_int64(0)
        self._to_answer = self._answer.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        self._to_length = ctypes.byref(self._length)
        self._handle = ctypes.c_void_p()
        _safe_call(
            _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle,  # noqa: SLF001 - see above
                ctypes.c_int(kind),
                ctypes.c_int(0),
                ctypes.c_int(booster.best_iteration),
                ctypes.c_int(_FLOAT64),
                ctypes.c_int32(self._columns),
                ctypes.c_char_p(b"num_threads=1"),
                ctypes.byref(self._handle),
            )
        )
        weakref.finalize(self, _LIB.LGBM_FastConfigFree, self._handle).atexit = False

    def answer(self, row: Floats) -> Floats:
        """Return a copy of the answer; ValueError for anything but one row of all features."""
        if row.shape != (1, self._columns):
            raise ValueError(f"One row of {self._columns} numbers was expected, not {row.shape}.")
        numbers = np.ascontiguousarray(row, dtype=np.float64)
        _safe_call(
            _LIB.LGBM_BoosterPredictForMatSingleRowFast(
                self._handle,
                ctypes.c_void_p(numbers.ctypes.data),
                self._to_length,
                self._to_answer,
            )
        )
        return self._answer.copy()
