"""Seal why borrowers are relieved, left alone or moved, and what the second person said."""

from typing import Any

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models
from apps.core.fields import EncryptedTextField

# Model, column, label, and whether every row has it.
_SEALED = (
    ("pause", "reason", "reason", True),
    ("pause", "ended_reason", "why it ended", False),
    ("proposal", "reason", "reason", True),
    ("proposal", "answer_note", "note", False),
    ("transfer", "reason", "reason", True),
    ("transfer", "answer_note", "note", False),
)
# What the plain columns are: on the way back they need something to hold before they are written.
_PLAIN = models.CharField(max_length=300, default="")


def seal(apps: Any, _editor: Any) -> None:
    """Seal each text to its row."""
    for model, names in _columns().items():
        for row in apps.get_model("servicing", model).objects.iterator():
            for name in names:
                setattr(row, name, getattr(row, f"plain_{name}") or None)
            row.save(update_fields=names)


def open_again(apps: Any, _editor: Any) -> None:
    """Write each text as it reads."""
    for model, names in _columns().items():
        for row in apps.get_model("servicing", model).objects.iterator():
            for name in names:
                setattr(row, f"plain_{name}", getattr(row, name) or "")
            row.save(update_fields=[f"plain_{name}" for name in names])


def _columns() -> dict[str, list[str]]:
    """Return the columns of each model.

    A row is written once: written twice in a transaction, its foreign keys wait to be checked, and
    the database alters no table that waits.
    """
    found: dict[str, list[str]] = {}
    for model, name, _label, _always in _SEALED:
        found.setdefault(model, []).append(name)
    return found


def renamed() -> list[migrations.RenameField]:
    """Return the steps that put the plain columns aside."""
    return [migrations.RenameField(one[0], one[1], f"plain_{one[1]}") for one in _SEALED]


def added() -> list[migrations.AddField]:
    """Return the steps that add the sealed columns."""
    return [
        migrations.AddField(model, name, EncryptedTextField(label, null=True))
        for model, name, label, _always in _SEALED
    ]


def removed() -> list[Any]:
    """Return the steps that drop the plain columns, and ask for a text where every row has one."""
    dropped = [
        step
        for model, name, _label, _always in _SEALED
        for step in (
            migrations.AlterField(model, f"plain_{name}", _PLAIN),
            migrations.RemoveField(model, f"plain_{name}"),
        )
    ]
    return dropped + [
        migrations.AlterField(model, name, EncryptedTextField(label))
        for model, name, label, always in _SEALED
        if always
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("repayments", "0011_sealed_words"),
        ("servicing", "0002_transfers"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="pause",
            name="servicing_pause_as_agreed",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="proposal",
            name="servicing_proposal_as_proposed",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="transfer",
            name="servicing_transfer_as_proposed",
        ),
        migrations.RemoveConstraint(
            model_name="pause",
            name="servicing_pause_has_days_and_reason",
        ),
        migrations.RemoveConstraint(
            model_name="pause",
            name="servicing_pause_ended_with_reason",
        ),
        migrations.RemoveConstraint(
            model_name="proposal",
            name="servicing_proposal_says_why",
        ),
        migrations.RemoveConstraint(
            model_name="transfer",
            name="servicing_transfer_says_why",
        ),
        *renamed(),
        *added(),
        migrations.RunPython(seal, open_again),
        *removed(),
        pgtrigger.migrations.AddTrigger(
            model_name="pause",
            trigger=pgtrigger.compiler.Trigger(
                name="servicing_pause_as_agreed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."loan_id" IS DISTINCT FROM (NEW."loan_id") OR OLD."starts_on" IS DISTINCT FROM (NEW."starts_on") OR OLD."ends_on" IS DISTINCT FROM (NEW."ends_on") OR OLD."agreed_by_id" IS DISTINCT FROM (NEW."agreed_by_id") OR OLD."agreed_at" IS DISTINCT FROM (NEW."agreed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9dd030c27231748944bd602bc9f9cf5652ea6c5e",
                    operation="UPDATE",
                    pgid="pgtrigger_servicing_pause_as_agreed_69ee1",
                    table="servicing_pause",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="proposal",
            trigger=pgtrigger.compiler.Trigger(
                name="servicing_proposal_as_proposed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."loan_id" IS DISTINCT FROM (NEW."loan_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."bucket" IS DISTINCT FROM (NEW."bucket") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="8e2cbd68a7467204732e0b6cee15d56e01ea632c",
                    operation="UPDATE",
                    pgid="pgtrigger_servicing_proposal_as_proposed_f041d",
                    table="servicing_proposal",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="transfer",
            trigger=pgtrigger.compiler.Trigger(
                name="servicing_transfer_as_proposed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."loan_id" IS DISTINCT FROM (NEW."loan_id") OR OLD."from_branch_id" IS DISTINCT FROM (NEW."from_branch_id") OR OLD."to_branch_id" IS DISTINCT FROM (NEW."to_branch_id") OR OLD."reference" IS DISTINCT FROM (NEW."reference") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9ce296d70d9dcd32657a855e35b814beb1e480de",
                    operation="UPDATE",
                    pgid="pgtrigger_servicing_transfer_as_proposed_f8559",
                    table="servicing_transfer",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                name="servicing_pause_has_days_and_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="pause",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("ended_at", None),
                        ("ended_by", None),
                        ("ended_reason__isnull", True),
                        ("status", "agreed"),
                    ),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("ended_by__isnull", False),
                        ("ended_reason__isnull", False),
                        ("status", "ended"),
                    ),
                    _connector="OR",
                ),
                name="servicing_pause_ended_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reference", ""), _negated=True),
                    models.Q(
                        models.Q(("status", "refused"), _negated=True),
                        ("answer_note__isnull", False),
                        _connector="OR",
                    ),
                ),
                name="servicing_proposal_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reference", ""), _negated=True),
                    models.Q(
                        models.Q(("status", "refused"), _negated=True),
                        ("answer_note__isnull", False),
                        _connector="OR",
                    ),
                ),
                name="servicing_transfer_says_why",
            ),
        ),
    ]
