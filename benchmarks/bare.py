"""The limit that `bench_decide` measures beside us: a bare WSGI function, no framework, no rules.

It reads the applicant, predicts with exact attributions, and inserts the very rows that a
decision of ours wrote, with new keys, into the same tables in one transaction, for applications
of its own that wait as ours do. So foreign keys, constraints and triggers cost both alike; what
it spares is everything above the database. Runs under the same gunicorn.
"""

import json
import os
import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import psycopg2
from psycopg2.extras import Json

_READ = """
    SELECT application.amount, application.term_months, employment.gross_annual_income,
        employment.months_employed, bureau.enquiries_6m, bureau.open_accounts, customer.*
    FROM applications_application application
    JOIN customers_customer customer ON customer.id = application.customer_id
    JOIN customers_employment employment ON employment.id = application.employment_id
    JOIN customers_bureaureport bureau ON bureau.id = application.bureau_report_id
    WHERE application.id = %s
"""
_CLOSE = """
    UPDATE applications_application
    SET status = 'approved', score_run_id = %s, updated_at = STATEMENT_TIMESTAMP() WHERE id = %s
"""
_SCORE_RUNS = "scoring_scorerun"
# Columns whose values are keys of their own row.
_KEYS = {"id", "uid"}


@dataclass(frozen=True)
class _Row:
    """One row to insert: the statement, and its values with those that hold keys marked."""

    sql: str
    values: tuple[tuple[Any, bool], ...]


class _Sample:
    """The rows one decision wrote, and the keys in them."""

    def __init__(self, tables: dict[str, str], application: str) -> None:
        self.keys = {application}
        with psycopg2.connect(os.environ["DATABASE_URL"]) as connection:
            found = [
                (table, columns, row)
                for table, condition in tables.items()
                for columns, row in _rows(connection, table, condition)
            ]
        connection.close()
        for _table, columns, row in found:
            named = zip(columns, row, strict=True)
            self.keys |= {value for name, value in named if name in _KEYS and _is_text(value)}
        self.rows = [self._row(*one) for one in found]
        [self.score_run] = [
            row[columns.index("id")] for table, columns, row in found if table == _SCORE_RUNS
        ]

    def _row(self, table: str, columns: list[str], row: tuple[Any, ...]) -> _Row:
        # Whole numbers as keys are counted by the table itself.
        kept = [
            (name, value)
            for name, value in zip(columns, row, strict=True)
            if name != "id" or _is_text(value)
        ]
        names = ", ".join(f'"{name}"' for name, _value in kept)
        places = ", ".join(["%s"] * len(kept))
        sql = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - own names
        return _Row(sql, tuple((_adapted(value), self._holds_key(value)) for _name, value in kept))

    def _holds_key(self, value: object) -> bool:
        return isinstance(value, str) and any(key in value for key in self.keys)


def application(
    environ: dict[str, Any], start_response: Callable[[str, list[tuple[str, str]]], object]
) -> Iterable[bytes]:
    """Decide `/<application id>` and answer with the probability and every attribution."""
    asked = environ["PATH_INFO"].strip("/")
    connection = _connection()
    with connection, connection.cursor() as cursor:
        cursor.execute(_READ, [asked])
        read = cursor.fetchone()
        contributions = _BOOSTER.predict(_features(read), pred_contrib=True, num_threads=1)[0]
        new = {key: str(uuid.uuid4()) for key in _SAMPLE.keys} | {_APPLICATION: asked}
        for row in _SAMPLE.rows:
            cursor.execute(row.sql, [_renewed(*value, new) for value in row.values])
        cursor.execute(_CLOSE, [new[_SAMPLE.score_run], asked])
    risk = 1 / (1 + np.exp(-contributions.sum()))
    body = json.dumps({"pd": float(risk), "contributions": contributions.tolist()}).encode()
    start_response("200 OK", [("Content-Type", "application/json")])
    return [body]


def _features(read: tuple[Any, ...]) -> np.ndarray:
    """Return a row for the trees: what was read first, the rest not known."""
    row = np.full((1, _BOOSTER.num_feature()), np.nan)
    row[0, :6] = [float(value) for value in read[:6]]
    return row


def _renewed(value: Any, holds_key: bool, new: dict[str, str]) -> Any:  # noqa: FBT001 - of a pair
    if not holds_key:
        return value
    for old, replacement in new.items():
        value = value.replace(old, replacement)
    return value


def _rows(connection: Any, table: str, condition: str) -> Iterable[tuple[list[str], Any]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE {condition}")  # noqa: S608 - own names
        columns = [column.name for column in cursor.description]
        return [(columns, row) for row in cursor.fetchall()]


def _adapted(value: Any) -> Any:
    return Json(value) if isinstance(value, dict) or _is_json_list(value) else value


def _is_json_list(value: object) -> bool:
    """Say whether a list came from JSON; arrays of ours hold only text."""
    return isinstance(value, list) and any(not isinstance(one, str) for one in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _connection() -> Any:
    """Return this thread's own connection; a new one for each request would halve the limit."""
    if not hasattr(_local, "connection"):
        _local.connection = psycopg2.connect(os.environ["DATABASE_URL"])
    return _local.connection


_local = threading.local()
_GIVEN = json.loads(os.environ["BARE_SAMPLE"])
_APPLICATION: str = _GIVEN["application"]
_BOOSTER = lightgbm.Booster(model_file=os.environ["BARE_MODEL"])
_SAMPLE = _Sample(_GIVEN["tables"], _APPLICATION)
