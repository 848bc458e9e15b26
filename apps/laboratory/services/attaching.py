"""Lay a finished experiment beside a policy version or a model that waits for approval."""

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
from apps.scoring.models import ModelVersion


@transaction.atomic
def attach(
    *, actor: User, experiment: Experiment, policy: PolicyVersion, now: datetime
) -> Evidence:
    """Attach an experiment, with the hash of what it found, to a draft or a proposed version.

    It stays there for good. Raises NotPermitted, NotVisible, and EvidenceRefused for an
    experiment that is not done, another lender's version, one that was decided on, or a second
    time.
    """
    found = _finished(actor, experiment)
    version = PolicyVersion.objects.select_for_update(no_key=True).get(pk=policy.pk)
    if version.entity_id != found.entity_id:
        raise EvidenceRefused("another_lender", _("This policy is of another lender."))
    if version.status not in policies.OPEN_TO_EVIDENCE:
        raise EvidenceRefused(
            "decided_on", _("This policy version was decided on; evidence comes before that.")
        )
    laid = Evidence(experiment=found, policy=version, content_sha256=version.sha256)
    return _laid(actor, laid, beside=version, now=now)


@transaction.atomic
def attach_to_model(
    *, actor: User, experiment: Experiment, model: ModelVersion, now: datetime
) -> Evidence:
    """Attach an experiment that tried a model to that model, for whoever decides its promotion.

    Raises as `attach`, and EvidenceRefused where it tried another model or the model decides
    already.
    """
    found = _finished(actor, experiment)
    tried = ModelVersion.objects.select_for_update(no_key=True).get(pk=model.pk)
    if found.model_id != tried.pk:
        raise EvidenceRefused("another_model", _("This experiment did not try that model."))
    if not tried.may("promote"):
        raise EvidenceRefused(
            "decided_on", _("This model is the champion already; evidence comes before that.")
        )
    laid = Evidence(experiment=found, model=tried, content_sha256=tried.sha256)
    return _laid(actor, laid, beside=tried, now=now)


def _finished(actor: User, experiment: Experiment) -> Experiment:
    if not actor.has_perm(policies.RUN):
        raise NotPermitted("not_permitted", _("Your role does not attach experiments."))
    found = Experiment.objects.visible_to(actor).filter(pk=experiment.pk).first()
    if found is None:
        raise NotVisible("not_found", _("There is no such experiment."))
    if found.status != "done":
        raise EvidenceRefused("not_done", _("Only a finished experiment can be evidence."))
    return found


def _laid(
    actor: User, evidence: Evidence, *, beside: PolicyVersion | ModelVersion, now: datetime
) -> Evidence:
    evidence.results_sha256 = evidence.experiment.results_sha256
    evidence.attached_by, evidence.attached_at = actor, now
    try:
        with transaction.atomic():
            evidence.save()
    except IntegrityError as error:
        raise EvidenceRefused(
            "attached_before", _("This experiment lies there already.")
        ) from error
    audit.record(
        actor,
        "laboratory.evidence_attached",
        beside,
        experiment=str(evidence.experiment_id),
        results_sha256=evidence.results_sha256,
        content_sha256=evidence.content_sha256,
    )
    return evidence
