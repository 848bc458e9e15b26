"""Lay a finished experiment beside a policy version that waits for approval."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import services as audit
from apps.core.errors import NotPermitted, NotVisible
from apps.decisions.models import PolicyVersion
from apps.laboratory import policies
from apps.laboratory.errors import EvidenceRefused
from apps.laboratory.models import Evidence, Experiment

OPEN_TO_EVIDENCE = ("draft", "proposed")


@transaction.atomic
def attach(
    *, actor: User, experiment: Experiment, policy: PolicyVersion, now: datetime
) -> Evidence:
    """Attach an experiment, with the hash of what it found, to a draft or a proposed version.

    It stays there for good. Raises NotPermitted, NotVisible, and EvidenceRefused for an
    experiment that is not done, another lender's version, one that was decided on, or a second
    time.
    """
    if not actor.has_perm(policies.RUN):
        raise NotPermitted("not_permitted", _("Your role does not attach experiments."))
    found = Experiment.objects.visible_to(actor).filter(pk=experiment.pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such experiment."))
    version = PolicyVersion.objects.select_for_update(no_key=True).get(pk=policy.pk)
    _check(found, version)
    evidence = Evidence(
        experiment=found,
        policy=version,
        results_sha256=found.results_sha256,
        policy_sha256=version.sha256,
        attached_by=actor,
        attached_at=now,
    )
    try:
        with transaction.atomic():
            evidence.save()
    except IntegrityError as error:
        raise EvidenceRefused(
            "attached_before", _("This experiment lies beside this version already.")
        ) from error
    audit.record(
        actor,
        "laboratory.evidence_attached",
        version,
        experiment=str(found.pk),
        results_sha256=found.results_sha256,
    )
    return evidence


def _check(experiment: Experiment, version: PolicyVersion) -> None:
    if experiment.status != "done":
        raise EvidenceRefused("not_done", _("Only a finished experiment can be evidence."))
    if version.entity_id != experiment.entity_id:
        raise EvidenceRefused("another_lender", _("This policy is of another lender."))
    if version.status not in OPEN_TO_EVIDENCE:
        raise EvidenceRefused(
            "decided_on", _("This policy version was decided on; evidence comes before that.")
        )
