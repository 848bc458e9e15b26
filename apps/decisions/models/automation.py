"""Times without automated decisions, kept for good."""

import uuid
from typing import Any, ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, User
from apps.audit.models import append_only_triggers
from apps.core.lifecycle import Lifecycle
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.decisions.models.decided import Decision

LIFECYCLE = Lifecycle(
    initial="stopped",
    steps=[
        ("ask_restart", ["stopped"], "restart_asked"),
        ("keep_stopped", ["restart_asked"], "stopped"),
        ("restart", ["restart_asked"], "ended"),
    ],
)
STANDING = ("stopped", "restart_asked")
# Whoever stops automation holds this advisory lock alone, every automated decision holds it
# together with the others, each until its transaction ends ("STOP"). A row could not do it: those
# who share a row's lock go past the one who waits for it, so a busy day would keep the stop out.
LOCK = 0x53544F50
_NO_ENTITY = models.Value(uuid.UUID(int=0))
_NOBODY_ASKED = Q(asked_by__isnull=True, asked_at__isnull=True, ask_note="")
_SOMEBODY_ASKED = Q(asked_by__isnull=False, asked_at__isnull=False) & ~Q(ask_note="")
_NOT_RESTARTED = Q(restarted_by__isnull=True, restarted_at__isnull=True)
_SAID = ("entity", "reason", "stopped_by", "stopped_at")
_ASKED_CHANGES = " OR ".join(
    f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in ("asked_by_id", "ask_note")
)


class AutomationStop(Identified, Timestamped, Stateful):
    """A time in which no machine approves or declines: of one lender, or of all (no entity).

    One person stops, at once. To start again one asks and another confirms. Rows are never
    deleted, what was said never changes, and one that ended stands as it is.
    """

    lifecycle = LIFECYCLE

    entity = models.ForeignKey(
        Entity, null=True, on_delete=models.PROTECT, related_name="automation_stops"
    )
    reason = models.TextField(_("reason"))
    stopped_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="automation_stops")
    stopped_at = models.DateTimeField(_("stopped"))
    asked_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="restarts_asked"
    )
    asked_at = models.DateTimeField(_("restart asked for"), null=True)
    ask_note = models.TextField(_("what was found and done"), blank=True)
    restarted_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="restarts_confirmed"
    )
    restarted_at = models.DateTimeField(_("started again"), null=True)

    class Meta:
        default_permissions = ()
        permissions = [
            ("stop_automation", _("Stop automated decisions")),
            ("restart_automation", _("Confirm that automated decisions start again")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "decisions_stop_status_known"),
            models.UniqueConstraint(
                Coalesce(F("entity"), _NO_ENTITY),
                condition=Q(status__in=STANDING),
                name="decisions_stop_one_standing",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="decisions_stop_has_reason"),
            models.CheckConstraint(
                condition=(Q(status="stopped") & _NOBODY_ASKED & _NOT_RESTARTED)
                | (Q(status="restart_asked") & _SOMEBODY_ASKED & _NOT_RESTARTED)
                | Q(
                    _SOMEBODY_ASKED,
                    status="ended",
                    restarted_by__isnull=False,
                    restarted_at__isnull=False,
                ),
                name="decisions_stop_state_is_complete",
            ),
            models.CheckConstraint(
                condition=Q(restarted_by__isnull=True) | ~Q(restarted_by=F("asked_by")),
                name="decisions_stop_restarted_by_another",
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="decisions_stop_said", fields=list(_SAID)),
            pgtrigger.FSM(
                name="decisions_stop_steps",
                field="status",
                transitions=[
                    (source, step.target) for step in LIFECYCLE.steps for source in step.sources
                ],
            ),
            # The check that two people started it again compares columns of this row, so who
            # asked must be who is on record, not who is named in the same breath.
            pgtrigger.Protect(
                name="decisions_stop_true_asker",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition(f"NEW.status = 'ended' AND ({_ASKED_CHANGES})"),
            ),
            pgtrigger.Protect(
                name="decisions_stop_ended_stands",
                operation=pgtrigger.Update,
                condition=pgtrigger.Condition("OLD.status = 'ended'"),
            ),
            pgtrigger.Protect(
                name="decisions_stop_begins_stopped",
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.status <> 'stopped'"),
            ),
            pgtrigger.Protect(name="decisions_stop_kept", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="decisions_stop_table",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Truncate,
                func="RAISE EXCEPTION '% is kept for good', TG_TABLE_NAME;",
            ),
        ]
        verbose_name = _("stop of automated decisions")
        verbose_name_plural = _("stops of automated decisions")

    def __str__(self) -> str:
        return str(self.entity) if self.entity else str(_("All lenders"))

    @property
    def scope(self) -> str:
        """The lender's code, or `all`."""
        return self.entity.code if self.entity else "all"

    @property
    def version(self) -> str:
        """What a form carries to notice that the stop changed since the page was opened."""
        return self.updated_at.isoformat()


class StopStatement(Identified, Timestamped):
    """What another person said who stopped what was stopped already; kept beside the first reason.

    Never changed or deleted.
    """

    stop = models.ForeignKey(AutomationStop, on_delete=models.PROTECT, related_name="statements")
    reason = models.TextField(_("reason"))
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="stop_statements")
    said_at = models.DateTimeField(_("said"))

    class Meta:
        default_permissions = ()
        ordering = ("said_at", "id")
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=~Q(reason=""), name="decisions_stop_statement_has_reason"
            )
        ]
        triggers = append_only_triggers("decisions_stopstatement")
        verbose_name = _("further reason for a stop")
        verbose_name_plural = _("further reasons for stops")

    def __str__(self) -> str:
        return self.reason


# Whatever writes a decision - page, API, command or shell - the database refuses a machine's
# approval or decline while its lender is stopped. Each statement of the function sees what was
# committed before it began, so what it reads under the lock is true until the transaction ends.
pgtrigger.register(
    pgtrigger.Trigger(
        name="decisions_decision_automation_stopped",
        operation=pgtrigger.Insert,
        when=pgtrigger.Before,
        condition=pgtrigger.Condition(
            "NEW.kind = 'automated' AND NEW.outcome IN ('approve', 'decline')"
        ),
        func=f"""
            PERFORM pg_advisory_xact_lock_shared({LOCK});
            IF EXISTS (
                SELECT 1 FROM decisions_automationstop standing
                WHERE standing.status <> 'ended' AND (
                    standing.entity_id IS NULL OR standing.entity_id = (
                        SELECT branch.entity_id FROM applications_application application
                        JOIN accounts_branch branch ON branch.id = application.branch_id
                        WHERE application.id = NEW.application_id
                    )
                )
            ) THEN
                RAISE EXCEPTION 'decisions_decision_automation_stopped: automated decisions'
                    ' are stopped'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,  # noqa: S608 - the number is ours
    )
)(Decision)
