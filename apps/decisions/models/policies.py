"""Versions of a lender's credit policy."""

from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.audit.models import append_only_triggers
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.policy_lifecycle import LIFECYCLE

_MOVES = ", ".join(
    f"('{source}', '{step.target}')" for step in LIFECYCLE.steps for source in step.sources
)
# A draft may be rewritten, what was proposed may not, and what ended never changes again. What was
# approved can be taken back by another person than who wrote it, until its day comes.
_KEEP_CONTENT = f"""
    IF OLD.status = 'approved' AND NEW.status = 'withdrawn' THEN
        IF (NEW.id, NEW.entity_id, NEW.number, NEW.effective_from, NEW.document, NEW.sha256,
                NEW.author_id, NEW.proposed_by_id, NEW.proposed_at,
                NEW.approved_by_id, NEW.approved_at)
                IS DISTINCT FROM (OLD.id, OLD.entity_id, OLD.number, OLD.effective_from,
                OLD.document, OLD.sha256, OLD.author_id, OLD.proposed_by_id, OLD.proposed_at,
                OLD.approved_by_id, OLD.approved_at)
            OR NEW.taken_back_at IS NULL
            OR EXISTS (SELECT 1 FROM decisions_decision WHERE policy_id = OLD.id)
            OR OLD.effective_from <= (
                SELECT (NEW.taken_back_at AT TIME ZONE time_zone)::date
                FROM accounts_entity WHERE id = OLD.entity_id
            )
        THEN
            RAISE EXCEPTION 'decisions_policy_life: a policy that has begun is not taken back'
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.status IN ('approved', 'withdrawn') THEN
        NEW.updated_at := OLD.updated_at;
        IF NEW IS DISTINCT FROM OLD THEN
            RAISE EXCEPTION 'decisions_policy_life: a policy that is % never changes', OLD.status
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.entity_id, NEW.number)
            IS DISTINCT FROM (OLD.id, OLD.entity_id, OLD.number)
        -- A draft that a command loaded gets an author once.
        OR (NEW.author_id IS DISTINCT FROM OLD.author_id
            AND (OLD.author_id IS NOT NULL OR OLD.status <> 'draft'))
        OR (OLD.status = 'proposed' AND
            (NEW.document, NEW.sha256, NEW.effective_from)
            IS DISTINCT FROM (OLD.document, OLD.sha256, OLD.effective_from))
        OR (OLD.status = 'proposed' AND NEW.status <> 'draft' AND
            (NEW.proposed_by_id, NEW.proposed_at)
            IS DISTINCT FROM (OLD.proposed_by_id, OLD.proposed_at))
    THEN
        RAISE EXCEPTION 'decisions_policy_life: the content of a proposed policy is fixed'
            USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status <> OLD.status AND (OLD.status, NEW.status) NOT IN ({_MOVES}) THEN
        RAISE EXCEPTION 'decisions_policy_life: a policy does not go from % to %',
            OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.status = 'approved' AND NEW.approved_by_id IS NULL THEN
        RAISE EXCEPTION 'decisions_policy_life: a proposed policy is approved by a person'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""  # noqa: S608 - the states are those of the lifecycle
# Only a lender's very first policy comes with the installation; each later one takes two people.
_BEGIN = """
    IF NEW.status <> 'draft' AND (NEW.status <> 'approved' OR EXISTS (
        SELECT 1 FROM decisions_policyversion
        WHERE entity_id = NEW.entity_id AND status = 'approved'
    )) THEN
        RAISE EXCEPTION 'decisions_policy_begin: a policy begins as a draft'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    """Which rows a person may see, and which count."""

    def visible_to(self, actor: User) -> "PolicyVersionQuerySet":
        """Keep the versions of the person's lender; all for who works everywhere."""
        return self if actor.works_everywhere else self.filter(entity_id=actor.branch.entity_id)

    def approved(self) -> "PolicyVersionQuerySet":
        """Keep the versions that decide, once their day has come."""
        return self.filter(status="approved")


class PolicyVersion(Identified, Timestamped, Stateful):
    """A lender's credit policy as data; of the approved ones, that of the day decides.

    `author` and `proposed_by` are empty where a command loaded it; `approved_by` too, where it
    came with the installation.
    """

    lifecycle = LIFECYCLE

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField(_("version"))
    effective_from = models.DateField(_("in force from"), null=True)
    document = models.JSONField(_("policy"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    author = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="policies_written"
    )
    proposed_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="policies_proposed"
    )
    proposed_at = models.DateTimeField(_("proposed"), null=True)
    approved_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="policies_approved"
    )
    approved_at = models.DateTimeField(_("approved"), null=True)
    # Who took back what was approved, before its day came.
    taken_back_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="policies_taken_back"
    )
    taken_back_at = models.DateTimeField(_("taken back"), null=True)
    # Why it is proposed, was sent back or withdrawn: the latest of them; the audit has all.
    note = models.TextField(_("note"), blank=True)

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_policy", _("Read the credit policy")),
            ("draft_policy", _("Draft and propose a credit policy")),
            ("approve_policy", _("Approve a credit policy that another person proposed")),
        ]
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["entity", "number"], name="decisions_policy_number"),
            models.UniqueConstraint(
                fields=["entity", "effective_from"],
                condition=Q(status="approved"),
                name="decisions_policy_one_a_day",
            ),
            status_constraint(LIFECYCLE, "decisions_policy_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "withdrawn"])
                | Q(effective_from__isnull=False, proposed_at__isnull=False)
                | Q(effective_from__isnull=False, status="approved", approved_by__isnull=True),
                name="decisions_policy_proposed_for_a_day",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (
                    Q(status__in=["approved", "withdrawn"], approved_at__isnull=False)
                    & (Q(author__isnull=True) | ~Q(approved_by=F("author")))
                    & (Q(proposed_by__isnull=True) | ~Q(approved_by=F("proposed_by")))
                ),
                name="decisions_policy_approved_by_another",
            ),
            models.CheckConstraint(
                condition=~Q(status="approved")
                | Q(approved_by__isnull=False)
                | Q(author__isnull=True, proposed_by__isnull=True),
                name="decisions_policy_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(taken_back_by__isnull=True, taken_back_at__isnull=True)
                | (
                    Q(status="withdrawn", taken_back_by__isnull=False, taken_back_at__isnull=False)
                    & (Q(author__isnull=True) | ~Q(taken_back_by=F("author")))
                    & (Q(proposed_by__isnull=True) | ~Q(taken_back_by=F("proposed_by")))
                ),
                name="decisions_policy_taken_back_by_another",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="policy_begin",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                func=_BEGIN,
            ),
            pgtrigger.Trigger(
                name="policy_life",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=_KEEP_CONTENT,
            ),
            pgtrigger.Protect(name="policy_kept", operation=pgtrigger.Delete),
        ]
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")

    def __str__(self) -> str:
        return f"{self.entity.code} policy {self.number}"

    @property
    def version(self) -> str:
        """What a form carries to notice that the draft changed since the page was opened."""
        return self.updated_at.isoformat()


class PolicyNote(Identified, Timestamped):
    """What a person said at one step of a version's life. Never changed or deleted.

    The audit trail names this row instead of its text, which may say anything.
    """

    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="notes")
    step = models.CharField(_("step"), max_length=20)
    text = models.TextField(_("note"))
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="policy_notes")

    class Meta:
        default_permissions = ()
        ordering = ("created_at", "id")
        triggers = append_only_triggers("decisions_policynote")
        verbose_name = _("note on a policy")
        verbose_name_plural = _("notes on policies")

    def __str__(self) -> str:
        return self.text
