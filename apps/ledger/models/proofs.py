"""What the proofs of the ledger found, run by run."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.audit.models import append_only_triggers
from apps.ledger.models.keeping import Posted


class ProofRun(Posted):
    """One run of every proof.

    `results` holds one record per check: its name, whether it holds, and where it does not the
    first thing it fails for, with both figures.
    """

    actor = models.CharField(_("who"), max_length=80)
    started_at = models.DateTimeField(_("begun"))
    seconds = models.DecimalField(_("seconds"), max_digits=9, decimal_places=3)
    holds = models.BooleanField(_("holds"))
    results = models.JSONField(default=list, encoder=DjangoJSONEncoder)

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[pgtrigger.Trigger]] = append_only_triggers("ledger_proofrun")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(condition=Q(seconds__gte=0), name="ledger_proof_takes_time"),
        ]
        verbose_name = _("proof of the ledger")
        verbose_name_plural = _("proofs of the ledger")

    def __str__(self) -> str:
        return f"{self.started_at}"
