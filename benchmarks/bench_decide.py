"""Decide an application by API: score, exact reasons, policy, letter, audit, all stored.

Beside `bare.py` as the limit: the same reads, prediction and rows in the same tables without a
framework or rules, under the same gunicorn with the same requests.
"""

import json
import tempfile
from pathlib import Path
from statistics import median

from django.db import connection
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken

from apps.applications.models import Application
from apps.audit import services as audit
from apps.decisions import services as decisions
from benchmarks import lender, measuring, scratch, serving
from benchmarks.measuring import Figure
from benchmarks.serving import Sent, Served, Timing
from ml.artefact import Artefact

ROUNDS = 5
# How many requests a round sends, by the number of clients.
EACH = {1: 60, 8: 160, 32: 160}
# Every connection of either server has met each statement by then, and planned it.
WARM_UP = 160
_OWN, _BARE = "/api/v1/applications/{}/decide", "/{}"


def main() -> None:
    """Measure and report."""
    asked = measuring.options(__doc__ or "", rounds=ROUNDS)
    with scratch.database() as name, tempfile.TemporaryDirectory() as folder:
        packed = lender.trained()
        officer = lender.set_up(packed)
        # Both decide applications of their own.
        needed = 2 * (asked.rounds * sum(EACH.values()) + len(EACH) * WARM_UP)
        waiting = lender.submitted(officer, needed + 1)
        variables = _variables(name, Path(folder), packed, sample=waiting.pop())
        token = RefreshToken.for_user(officer).access_token
        with (
            serving.serving(variables, "creditrisk.wsgi") as own_port,
            serving.serving(variables, "bare") as bare_port,
        ):
            own = Served(own_port, {"Authorization": f"Bearer {token}"})
            bare = Served(bare_port, {})
            figures = _measured(own, bare, waiting, asked.rounds)
        server = scratch.server()
    measuring.report("Deciding by API", figures, on=server, recorded=asked.record)


def _measured(own: Served, bare: Served, waiting: list[str], rounds: int) -> list[Figure]:
    """Take both by turns, alone and with many clients at once."""
    figures = []
    for clients, each in EACH.items():
        ours, limit = Timing(), Timing()
        for server, path in ((own, _OWN), (bare, _BARE)):
            server.answer(_next(waiting, WARM_UP, path), clients=clients)
        for _ in range(rounds):
            for server, path, timing in ((own, _OWN, ours), (bare, _BARE, limit)):
                server.answer(_next(waiting, each, path), clients=clients, timing=timing)
        figures += _figures(clients, ours, limit)
    return figures


def _next(waiting: list[str], count: int, path: str) -> list[Sent]:
    return [Sent(path.format(waiting.pop())) for _ in range(count)]


def _figures(clients: int, ours: Timing, limit: Timing) -> list[Figure]:
    at, peer, n = f"c={clients}", "bare WSGI", len(ours.seconds)
    return [
        measuring.figure(
            f"decide, {at}, p50", ours.p50, "ms", peer=(peer, limit.p50), goal="at most 3", n=n
        ),
        measuring.figure(
            f"decide, {at}, p95", ours.p95, "ms", peer=(peer, limit.p95), goal="", n=n
        ),
        measuring.figure(
            f"decide, {at}, p99", ours.p99, "ms", peer=(peer, limit.p99), goal="", n=n
        ),
        measuring.figure(
            f"decide, {at}, throughput",
            median(ours.rates),
            "requests/s",
            peer=(peer, median(limit.rates)),
            goal="at least 0.35",
            n=n,
        ),
    ]


def _variables(name: str, folder: Path, packed: Artefact, *, sample: str) -> dict[str, str]:
    """Return the servers' environment: our database, and for the limit the rows to write."""
    model = folder / "model.txt"
    model.write_text(packed.body)
    return serving.variables(
        name,
        BARE_MODEL=str(model),
        BARE_SAMPLE=json.dumps({"application": sample, "tables": _written_for(sample)}),
    )


def _written_for(key: str) -> dict[str, str]:
    """Decide one application and return, by table, the condition that finds what that wrote."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        [before] = cursor.fetchone()
        now = timezone.now()
        decisions.assess(application_id=key, actor=audit.system("benchmark"), now=now)
        written = f"xmin::text::bigint > {before}"
        tables = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {written}")  # noqa: S608 - own names
            if cursor.fetchone()[0]:
                tables[table] = written
        # Updated, not inserted.
        del tables[Application._meta.db_table]
    return tables


if __name__ == "__main__":
    main()
