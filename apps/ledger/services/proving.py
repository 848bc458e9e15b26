"""Prove the ledger: run every check, keep what was found, and let a failure be seen."""

import time
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from django.db import DatabaseError, connection, transaction

from apps.audit import services as audit
from apps.ledger import proofs
from apps.ledger.models import ProofRun

logger = structlog.get_logger(__name__)


def prove(*, actor: Any, now: datetime) -> ProofRun:
    """Run every check on one state of the book, keep the run and return it.

    A check that fails does not keep the others from running. Nothing is mended here.
    """
    begun = time.monotonic()
    results = [proofs.to_json(one.code, found) for one, found in _found()]
    run = ProofRun(
        actor=actor if isinstance(actor, str) else actor.audit_reference,
        started_at=now,
        seconds=Decimal(time.monotonic() - begun).quantize(Decimal("0.001")),
        holds=all(result["holds"] for result in results),
        results=results,
    )
    failed = [result["code"] for result in results if not result["holds"]]
    with transaction.atomic():
        run.save()
        audit.record(actor, "ledger.proved", run, holds=run.holds, failed=failed)
    if failed:
        logger.error("ledger_proof_failed", run=run.pk, failed=failed)
    return run


def _found() -> list[tuple[proofs.Registered, proofs.Offender | None]]:
    """Return what each check found, all of them looking at the same moment of the book."""
    is_alone = not connection.in_atomic_block
    with transaction.atomic():
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [(one, _checked(one)) for one in proofs.all_checks()]


def _checked(one: proofs.Registered) -> proofs.Offender | None:
    """Return what a check found; one that cannot be run has proved nothing, and says so."""
    try:
        with transaction.atomic():
            return one.check()
    except DatabaseError as error:
        logger.exception("ledger_check_broken", check=one.code)
        return proofs.Offender(name=one.code, expected="", found=type(error).__name__)
