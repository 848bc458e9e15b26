"""Experiments on past applications, what they found for each, and what was made of them."""

from typing import Any, ClassVar

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.applications.models import Application
from apps.audit.models import AppendOnlyModel, append_only_triggers
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions import policy_document
from apps.decisions.models import Decision, PolicyVersion
from apps.decisions.models.outcomes import Outcome
from apps.laboratory.lifecycle import LIFECYCLE
from apps.products.models import Product
from apps.scoring.models import ModelVersion


class ExperimentQuerySet(models.QuerySet["Experiment"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "ExperimentQuerySet":
        """Keep the experiments of the person's lender, all for who works everywhere."""
        if actor.works_everywhere:
            return self
        return self.filter(entity_id=actor.branch.entity_id)


class Experiment(Identified, Timestamped, Stateful):
    """Past applications decided anew by a candidate, beside what is in force.

    The candidate is another policy, another model, other cut-offs, or any of these together;
    `document` is the policy that was tried, word for word, with the cut-offs in it. What was
    asked never changes, and nothing at all changes once it is done.
    """

    lifecycle = LIFECYCLE

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="experiments")
    title = models.CharField(_("title"), max_length=120)
    from_date = models.DateField(_("applications from"))
    to_date = models.DateField(_("applications before"))
    # Codes of the products tried, never empty; they share one currency.
    products = ArrayField(models.CharField(max_length=40), verbose_name=_("products"))
    currency = models.CharField(_("currency"), max_length=3)

    policy = models.ForeignKey(
        PolicyVersion, null=True, on_delete=models.PROTECT, related_name="experiments"
    )
    model = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="experiments"
    )
    approve_below = models.DecimalField(
        _("approve below"), max_digits=20, decimal_places=18, null=True
    )
    decline_from = models.DecimalField(
        _("decline from"), max_digits=20, decimal_places=18, null=True
    )
    document = models.JSONField(_("policy tried"))
    # Of the chosen version's own document, before cut-offs; empty where no version was chosen.
    policy_sha256 = models.CharField(max_length=64, blank=True)
    # What is in force, as it was when the experiment was asked for.
    in_force = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    # Champion of each scoring segment: {segment: model id}.
    champions = models.JSONField(default=dict)

    loss_given_default = models.DecimalField(
        _("loss given default"), max_digits=5, decimal_places=4, help_text=_("As a fraction.")
    )
    cost_of_funds = models.DecimalField(
        _("cost of funds a year"), max_digits=7, decimal_places=6, help_text=_("As a fraction.")
    )
    fee_share = models.DecimalField(
        _("fees"), max_digits=7, decimal_places=6, help_text=_("As a fraction of the amount.")
    )
    operating_cost = models.DecimalField(
        _("operating cost of a loan"), max_digits=18, decimal_places=2
    )

    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="experiments")
    asked_at = models.DateTimeField(_("asked for"))
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    failure = models.TextField(_("why it failed"), blank=True)

    # Progress: where the last whole chunk ended, and a digest of all that was read so far.
    total_rows = models.PositiveIntegerField(_("applications"), null=True)
    done_rows = models.PositiveIntegerField(_("decided anew"), default=0)
    cursor = models.UUIDField(null=True)
    rows_sha256 = models.CharField(max_length=64, blank=True)
    # How often a worker took it up; one that broke off twice is not tried for ever.
    starts = models.PositiveSmallIntegerField(default=0)

    inputs_sha256 = models.CharField(_("hash of the inputs"), max_length=64, blank=True)
    results = models.JSONField(_("results"), null=True, encoder=DjangoJSONEncoder)
    results_sha256 = models.CharField(_("hash of the results"), max_length=64, blank=True)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_experiment", _("See experiments of the laboratory")),
            ("view_rows", _("See and download the applications behind an experiment")),
            ("run_experiment", _("Run experiments and attach them as evidence")),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="laboratory_experiment_question",
                fields=[
                    *("entity", "from_date", "to_date", "products", "currency", "policy", "model"),
                    *("approve_below", "decline_from", "document", "policy_sha256", "in_force"),
                    *("champions", "loss_given_default", "cost_of_funds", "fee_share"),
                    *("operating_cost", "created_by", "asked_at"),
                ],
            ),
            pgtrigger.Protect(
                name="laboratory_experiment_done",
                operation=pgtrigger.Update | pgtrigger.Delete,
                condition=pgtrigger.Q(old__status="done"),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "laboratory_experiment_status_known"),
            models.CheckConstraint(
                condition=Q(from_date__lt=F("to_date")), name="laboratory_experiment_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(policy__isnull=False)
                | Q(model__isnull=False)
                | Q(approve_below__isnull=False),
                name="laboratory_experiment_tries_something",
            ),
            models.CheckConstraint(
                condition=Q(approve_below__isnull=True, decline_from__isnull=True)
                | Q(
                    approve_below__gt=0,
                    approve_below__lte=F("decline_from"),
                    decline_from__lte=1,
                ),
                name="laboratory_experiment_cut_offs_in_order",
            ),
            models.CheckConstraint(
                condition=Q(loss_given_default__gte=0, loss_given_default__lte=1)
                & Q(cost_of_funds__gte=0, cost_of_funds__lt=5)
                & Q(fee_share__gte=0, fee_share__lt=1)
                & Q(operating_cost__gte=0),
                name="laboratory_experiment_assumptions_sound",
            ),
            models.CheckConstraint(
                condition=~Q(status="done")
                | (
                    Q(results__isnull=False, total_rows__isnull=False, done_rows=F("total_rows"))
                    & ~Q(results_sha256="")
                    & ~Q(inputs_sha256="")
                ),
                name="laboratory_experiment_done_has_results",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure=""),
                name="laboratory_experiment_failed_says_why",
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["entity", "-asked_at", "id"])]
        verbose_name = _("experiment")
        verbose_name_plural = _("experiments")

    def __str__(self) -> str:
        return self.title

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in self.lifecycle.final

    @property
    def has_cut_offs(self) -> bool:
        """Whether the bands were moved to other cut-offs."""
        return self.approve_below is not None

    @property
    def progress(self) -> float:
        """The share decided anew, from 0 to 1."""
        if self.status == "done":
            return 1.0
        return self.done_rows / self.total_rows if self.total_rows else 0.0


class ExperimentRow(Identified):
    """One past application in an experiment: the outcome in force and the candidate's.

    Written by COPY and never changed; no protected attribute is kept here. Money is in the
    experiment's currency, rounded, so that a list of rows adds up to the totals.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="rows")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+")
    # The machine's decision on these facts; None for an application of an imported tape.
    decision = models.ForeignKey(Decision, null=True, on_delete=models.PROTECT, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+")
    outcome_before = models.CharField(_("in force"), max_length=8, choices=Outcome)
    outcome_after = models.CharField(_("candidate"), max_length=8, choices=Outcome)
    # None where that model could not score the application.
    pd_before = models.FloatField(_("PD in force"), null=True)
    pd_after = models.FloatField(_("PD by the candidate"), null=True)
    band_before = models.TextField(_("band in force"), blank=True)
    band_after = models.TextField(_("band by the candidate"), blank=True)
    # Codes of what did not let the candidate approve, most severe first, with spaces between.
    causes_before = models.TextField(_("reasons in force"), blank=True)
    causes_after = models.TextField(_("reasons of the candidate"), blank=True)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    rate_before = models.DecimalField(_("rate in force"), max_digits=7, decimal_places=6)
    rate_after = models.DecimalField(_("rate of the candidate"), max_digits=7, decimal_places=6)
    # As if approved, whatever the outcome; the totals count the approved. None without a PD.
    expected_loss_before = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    expected_loss_after = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    expected_profit_before = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    expected_profit_after = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    # Of the loan as it was lent; None where nobody knows how it ended.
    defaulted = models.BooleanField(_("defaulted"), null=True)
    realised = models.DecimalField(
        _("realised profit or loss"), max_digits=18, decimal_places=2, null=True
    )

    class Meta:
        default_permissions = ()
        triggers = [
            pgtrigger.Protect(name="laboratory_row_never_changed", operation=pgtrigger.Update),
            pgtrigger.Trigger(
                name="laboratory_row_kept",
                operation=pgtrigger.Insert | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF (
                        SELECT status FROM laboratory_experiment
                        WHERE id = COALESCE(NEW.experiment_id, OLD.experiment_id)
                    ) = 'done' THEN
                        RAISE EXCEPTION 'laboratory_row_kept: the experiment is done';
                    END IF;
                    RETURN COALESCE(NEW, OLD);
                """,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["experiment", "application"], name="laboratory_row_once"
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            # Also serves lists of one kind of move, such as what swaps in.
            models.Index(
                fields=["experiment", "outcome_before", "outcome_after", "id"],
                name="laboratory_row_move",
            ),
            # The order of the list, so that a page of it costs the same in any experiment.
            models.Index(fields=["experiment", "-amount", "-id"], name="laboratory_row_amount"),
        ]
        verbose_name = _("application in an experiment")
        verbose_name_plural = _("applications in an experiment")

    def __str__(self) -> str:
        return f"{self.outcome_before} -> {self.outcome_after}"


class Evidence(Identified, AppendOnlyModel):
    """A done experiment laid beside what waits for approval: a policy version, or a model.

    A model is argued about by what it did itself, so the experiment must have tried that model.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="evidence")
    policy = models.ForeignKey(
        PolicyVersion, null=True, on_delete=models.PROTECT, related_name="evidence"
    )
    model = models.ForeignKey(
        ModelVersion, null=True, on_delete=models.PROTECT, related_name="evidence"
    )
    results_sha256 = models.CharField(_("hash of the results"), max_length=64)
    # Of the version's document, or the model, at that moment: a draft may move on.
    content_sha256 = models.CharField(max_length=64)
    attached_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    attached_at = models.DateTimeField(_("attached"))

    class Meta:
        default_permissions = ()
        triggers = [
            *append_only_triggers("laboratory_evidence"),
            pgtrigger.Trigger(
                name="laboratory_evidence_of_done",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func="""
                    IF NOT EXISTS (
                        SELECT 1 FROM laboratory_experiment
                        WHERE id = NEW.experiment_id AND status = 'done'
                            AND results_sha256 = NEW.results_sha256
                            AND (NEW.model_id IS NULL OR model_id = NEW.model_id)
                    ) THEN
                        RAISE EXCEPTION 'laboratory_evidence_of_done: no such results'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["experiment", "policy"], name="laboratory_evidence_once"
            ),
            models.UniqueConstraint(
                fields=["experiment", "model"], name="laboratory_evidence_of_model_once"
            ),
            models.CheckConstraint(
                condition=Q(policy__isnull=True) ^ Q(model__isnull=True),
                name="laboratory_evidence_beside_one_thing",
            ),
        ]
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")

    def __str__(self) -> str:
        return str(self.experiment)

    @property
    def tried_what_it_lies_beside(self) -> bool:
        """Whether the experiment tried this very thing, word for word as it was then.

        A version under other cut-offs is another policy.
        """
        if self.policy_id is None:
            return self.experiment.model_id == self.model_id
        return policy_document.fingerprint(self.experiment.document) == self.content_sha256

    @property
    def is_outdated(self) -> bool:
        """Whether the draft it lies beside has been changed since."""
        return self.policy is not None and self.policy.sha256 != self.content_sha256
