"""Processes of their own beside this one, for work that one core cannot do in time."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import django
from django.db import connection


def pool(workers: int) -> ProcessPoolExecutor:
    """Return so many processes in which Django is set up, on the database of this one.

    They begin empty: a forked process would share this one's connections and threads.
    """
    return ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(str(connection.settings_dict["NAME"]),),
    )


def _begin(database: str) -> None:
    # In a benchmark or a test, the database has another name than the settings say.
    connection.settings_dict["NAME"] = database
    django.setup()
