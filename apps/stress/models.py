"""What stress tests rest on, the tests, and what they found."""

from typing import Any, ClassVar

import pgtrigger
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.impairment.models import Run
from apps.stress.lifecycle import TERMS, TEST
from apps.stress.reading import LONGEST_NAME, Kind

_ONCE_ANSWERED = """
    IF OLD.status <> 'proposed' THEN
        RAISE EXCEPTION 'stress_terms_once_answered: what was answered stays as it is'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""
_OF_RUNNING = """
    IF (
        SELECT status FROM stress_test WHERE id = COALESCE(NEW.test_id, OLD.test_id)
    ) NOT IN ('waiting', 'running') THEN
        RAISE EXCEPTION 'stress_%s_kept: the test has ended' USING ERRCODE = 'check_violation';
    END IF;
    RETURN COALESCE(NEW, OLD);
"""


def _reached(actor: User) -> Any:
    reach = Branch.objects.filter(accounts.in_reach(actor, branch_field="pk"))
    return reach.order_by().values("entity")


class TermsQuerySet(models.QuerySet["Terms"]):
    """Which rows a person may see, and which are in force."""

    def visible_to(self, actor: User) -> "TermsQuerySet":
        """Keep those of the lenders in whose branches the person works."""
        return self.filter(entity__in=_reached(actor))

    def in_force(self, entity: Entity, kind: str) -> "TermsQuerySet":
        """Return what is approved of a kind: of each name the newest version."""
        rows = self.filter(entity=entity, kind=kind, status="approved")
        return rows.order_by("name", "-version").distinct("name")


class Terms(Identified, Timestamped, Stateful):
    """A scenario, the sensitivities of a lender, or its stated figures; see `reading`.

    Versions count from 1 within kind and name, and the newest approved one is in force. Only
    scenarios have names; `sha256` is of the body.
    """

    lifecycle = TERMS

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=16, choices=[(one, one) for one in Kind])
    name = models.CharField(_("name"), max_length=LONGEST_NAME, blank=True)
    version = models.PositiveIntegerField(_("version"))
    body = models.JSONField(_("terms"), encoder=DjangoJSONEncoder)
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    # About the economy and the lender, never about a borrower.
    reason = models.CharField(_("reason"), max_length=2_000)
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(_("proposed"))
    answered_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = models.CharField(_("note"), max_length=2_000, blank=True)

    objects = TermsQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("propose_terms", _("Propose scenarios, sensitivities and figures of stress tests")),
            ("approve_terms", _("Approve what another person proposed for stress tests")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="stress_terms_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="stress_terms_as_proposed",
                fields=[
                    *("entity", "kind", "name", "version", "body", "sha256", "reason"),
                    *("proposed_by", "proposed_at"),
                ],
            ),
            pgtrigger.Trigger(
                name="stress_terms_once_answered",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_ONCE_ANSWERED,
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(TERMS, "stress_terms_status_known"),
            models.CheckConstraint(
                condition=Q(kind__in=[one.value for one in Kind]), name="stress_terms_kind_known"
            ),
            models.CheckConstraint(
                condition=(Q(kind="scenario") & ~Q(name="")) | (~Q(kind="scenario") & Q(name="")),
                name="stress_terms_named",
            ),
            models.CheckConstraint(
                condition=Q(status="proposed", answered_by=None, answered_at=None)
                | (~Q(status="proposed") & Q(answered_by__isnull=False, answered_at__isnull=False)),
                name="stress_terms_answered_or_not",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["proposed", "withdrawn"])
                | ~Q(answered_by=F("proposed_by")),
                name="stress_terms_by_two_people",
            ),
            models.UniqueConstraint(
                fields=["entity", "kind", "name", "version"], name="stress_terms_version_once"
            ),
            models.UniqueConstraint(
                fields=["entity", "kind", "name"],
                condition=Q(status="proposed"),
                name="stress_terms_one_proposed",
            ),
        ]
        verbose_name = _("terms of stress tests")
        verbose_name_plural = _("terms of stress tests")

    def __str__(self) -> str:
        return f"{self.name or self.kind} {self.version}"


class TestQuerySet(models.QuerySet["Test"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "TestQuerySet":
        """Keep those of the lenders in whose branches the person works."""
        return self.filter(entity__in=_reached(actor))


class Test(Identified, Timestamped, Stateful):
    """Scenarios put to the loans of a measurement, beside the base case without any shock.

    `measured_run` is which run of the measurement was read. What was asked never changes, and
    nothing at all does once it has ended. `inputs` names all that the figures follow from.
    """

    # Not a class of tests.
    __test__ = False
    lifecycle = TEST

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(_("title"), max_length=120)
    measured = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+")
    measured_run = models.PositiveSmallIntegerField(_("run of the measurement"))
    currency = models.CharField(_("currency"), max_length=3)
    years = models.PositiveSmallIntegerField(_("years"))
    sensitivities = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="+")
    figures = models.ForeignKey(Terms, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked for"))

    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    failure = models.TextField(_("why it failed"), blank=True)
    total_loans = models.PositiveIntegerField(_("loans"), null=True)
    done_loans = models.PositiveIntegerField(_("loans done"), default=0)
    # How often a worker took it up; one that broke off several times is not tried for ever.
    starts = models.PositiveSmallIntegerField(default=0)
    inputs = models.JSONField(_("inputs"), null=True, encoder=DjangoJSONEncoder)
    inputs_sha256 = models.CharField(_("hash of the inputs"), max_length=64, blank=True)
    results = models.JSONField(_("results"), null=True, encoder=DjangoJSONEncoder)
    results_sha256 = models.CharField(_("hash of the results"), max_length=64, blank=True)

    objects = TestQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_test", _("See stress tests, with capital and profit of the lender")),
            ("run_test", _("Run stress tests")),
        ]
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(name="stress_test_kept", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="stress_test_as_asked",
                fields=[
                    *("entity", "title", "measured", "measured_run", "currency", "years"),
                    *("sensitivities", "figures", "asked_by", "asked_at"),
                ],
            ),
            pgtrigger.Protect(
                name="stress_test_ended",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__status__in=["done", "failed"]),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(TEST, "stress_test_status_known"),
            models.CheckConstraint(
                condition=~Q(status="done")
                | (
                    Q(results__isnull=False, inputs__isnull=False, ended_at__isnull=False)
                    & ~Q(results_sha256="")
                    & ~Q(inputs_sha256="")
                    & Q(done_loans=F("total_loans"))
                ),
                name="stress_test_done_has_results",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(failure=""), name="stress_test_failed_says_why"
            ),
        ]
        indexes: ClassVar[list[Any]] = [models.Index(fields=["entity", "-asked_at", "id"])]
        verbose_name = _("stress test")
        verbose_name_plural = _("stress tests")

    def __str__(self) -> str:
        return self.title

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in self.lifecycle.final

    @property
    def progress(self) -> float:
        """The share of loans that is done, from 0 to 1."""
        if self.status == "done":
            return 1.0
        return self.done_loans / self.total_loans if self.total_loans else 0.0


class Case(models.Model):
    """A scenario of a test, in its place from 1 on; place 0 is the base case and has none."""

    id = models.BigAutoField(primary_key=True)
    test = models.ForeignKey(Test, on_delete=models.PROTECT, related_name="cases")
    place = models.PositiveSmallIntegerField(_("place"))
    scenario = models.ForeignKey(Terms, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="stress_case_as_asked", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="stress_case_kept",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_OF_RUNNING.replace("%s", "case"),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["test", "place"], name="stress_case_place_once"),
            models.UniqueConstraint(fields=["test", "scenario"], name="stress_case_scenario_once"),
            models.CheckConstraint(
                condition=Q(place=0, scenario=None) | Q(place__gt=0, scenario__isnull=False),
                name="stress_case_base_first",
            ),
        ]
        verbose_name = _("case of a stress test")
        verbose_name_plural = _("cases of stress tests")

    def __str__(self) -> str:
        return f"{self.place}"

    @property
    def name(self) -> str:
        """What it is called."""
        return str(_("Base case")) if self.scenario is None else self.scenario.name


def _amount(label: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(label, max_digits=20, decimal_places=2)


class Sums(models.Model):
    """What a case comes to for loans of a segment, stage and kind of security, at a year's end.

    `stage` is that of the case once the shock is known. Counts are of chances, so they have
    decimals; amounts are in the test's currency.
    """

    id = models.BigAutoField(primary_key=True)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="sums")
    test = models.ForeignKey(Test, on_delete=models.PROTECT, related_name="+", db_index=False)
    year = models.PositiveSmallIntegerField(_("year"))
    segment = models.CharField(_("segment"), max_length=40)
    security = models.CharField(_("secured by"), max_length=24)
    stage = models.PositiveSmallIntegerField(_("stage"))
    # Loans that could default in the year, and those that did.
    at_risk = _amount(_("loans at risk"))
    defaults = _amount(_("defaults"))
    # Of those that perform at the end, how many default within twelve months.
    pd_12 = _amount(_("expected defaults within twelve months"))
    performing = _amount(_("performing"))
    stage_2 = _amount(_("performing in stage 2"))
    npa = _amount(_("non-performing"))
    ecl = _amount(_("expected credit loss"))
    regulatory = _amount(_("provisions of the regulator"))
    # Not earned in the year on what defaulted.
    interest = _amount(_("interest not earned"))

    class Meta:
        default_permissions = ()
        triggers: ClassVar[list[Any]] = [
            pgtrigger.Protect(
                name="stress_sums_as_found", operation=pgtrigger.Update | pgtrigger.Delete
            ),
            pgtrigger.Trigger(
                name="stress_sums_kept",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_OF_RUNNING.replace("%s", "sums"),
            ),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(
                fields=["case", "year", "segment", "security", "stage"], name="stress_sums_once"
            ),
        ]
        verbose_name = _("sums of a stress test")
        verbose_name_plural = _("sums of stress tests")

    def __str__(self) -> str:
        return f"{self.year} {self.segment} {self.stage}"
