"""A sample of the wide application table of Home Credit (Kaggle 2018), for its shape alone."""

from pathlib import Path

import numpy as np
import pandas as pd

from ml import inference
from ml.datasets import _reading
from ml.datasets._dataset import Dataset, checked_variant

VARIANTS = ("standard",)
_NAME = "home_credit_sample"
_EMPLOYED = "DAYS_EMPLOYED"
_NOT_EMPLOYED = 365_243
_NOT_STATED = "XNA"
_HINTS = inference.Hints(
    sensitive={
        "CODE_GENDER": "protected",
        "CNT_CHILDREN": "protected",
        "CNT_FAM_MEMBERS": "protected",
        "DAYS_BIRTH": "protected",
        "NAME_FAMILY_STATUS": "protected",
        "NAME_TYPE_SUITE": "proxy",
        "REGION_POPULATION_RELATIVE": "proxy",
        "REGION_RATING_CLIENT": "proxy",
        "REGION_RATING_CLIENT_W_CITY": "proxy",
    }
)


def load(folder: Path, *, variant: str = "standard") -> Dataset:
    """Return 2,139 applications of 112 usable columns, 8.18 % bad.

    The contract is inferred, as for any unknown file; what the file writes for "not stated" and
    "not employed" is missing. DatasetMissing if the file is absent.
    """
    checked_variant(_NAME, variant, VARIANTS)
    filename, needed = "home_credit_application_sample.csv.gz", ("SK_ID_CURR", "TARGET", _EMPLOYED)
    raw = _reading.read(folder, filename, needed=needed)
    known = _with_gaps(raw.drop(columns="SK_ID_CURR"))
    inferred = inference.infer_schema(
        known, name=f"{_NAME}-{variant}", target="TARGET", hints=_HINTS
    )
    return Dataset(
        _NAME,
        variant=variant,
        frame=inference.shape(known, inferred).frame,
        bad=known["TARGET"].to_numpy(dtype=np.float64),
        schema=inferred.schema,
        caveat="A sample of 2,139 rows in 307,511: good for its shape only.",
        licence="Kaggle competition data: not redistributable.",
    )


def _with_gaps(raw: pd.DataFrame) -> pd.DataFrame:
    employed = raw[_EMPLOYED].mask(raw[_EMPLOYED] == _NOT_EMPLOYED)
    return raw.assign(**{_EMPLOYED: employed}).replace({_NOT_STATED: None})
