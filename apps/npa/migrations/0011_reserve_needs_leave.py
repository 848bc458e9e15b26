"""Reserves that need the regulator's leave: tables say so, and releases are kept. Rule 1.12."""

import uuid
from typing import Any

import apps.core.fields
import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


def tell(apps: Any, _schema_editor: Any) -> None:
    """Have every stored table say whether leave is needed, as the file of tables does."""
    for table in apps.get_model("npa", "RuleTable").objects.all():
        needs = table.body["reserve"] == "impairment_reserve"
        table.body.setdefault("reserve_needs_leave", needs)
        table.save(update_fields=["body"])


def keep_silent(apps: Any, _schema_editor: Any) -> None:
    """Take it out again."""
    for table in apps.get_model("npa", "RuleTable").objects.all():
        table.body.pop("reserve_needs_leave", None)
        table.save(update_fields=["body"])


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_repayment_account"),
        ("npa", "0010_gone_rows"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunPython(tell, keep_silent),
        migrations.CreateModel(
            name="ReserveRelease",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                ("updated_at", models.DateTimeField(auto_now=True, verbose_name="changed")),
                ("status", models.CharField(editable=False, max_length=32, verbose_name="status")),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                (
                    "amount",
                    models.DecimalField(decimal_places=2, max_digits=20, verbose_name="amount"),
                ),
                (
                    "leave_reference",
                    models.CharField(max_length=120, verbose_name="reference of the leave"),
                ),
                ("leave_date", models.DateField(verbose_name="leave given")),
                (
                    "reason",
                    apps.core.fields.EncryptedTextField(editable=True, verbose_name="reason"),
                ),
                ("proposed_at", models.DateTimeField(verbose_name="proposed")),
                ("answered_at", models.DateTimeField(null=True, verbose_name="answered")),
                (
                    "answer_note",
                    apps.core.fields.EncryptedTextField(
                        editable=True, null=True, verbose_name="note"
                    ),
                ),
                ("day", models.DateField(null=True, verbose_name="posted")),
            ],
            options={
                "verbose_name": "release from the reserve",
                "verbose_name_plural": "releases from the reserve",
                "permissions": [
                    ("propose_reserve_release", "Propose to release from the reserve"),
                    ("approve_reserve_release", "Approve a release from the reserve"),
                ],
                "default_permissions": (),
            },
        ),
        migrations.RemoveConstraint(
            model_name="provisionmovement",
            name="npa_movement_account_known",
        ),
        migrations.AddConstraint(
            model_name="provisionmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("account", "provisions"),
                    models.Q(("account", "loss_reserve"), ("written_off", 0)),
                    models.Q(("account", "loss_reserve"), ("asset_class", "kept")),
                    _connector="OR",
                ),
                name="npa_movement_account_known",
            ),
        ),
        migrations.AddField(
            model_name="reserverelease",
            name="answered_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reserverelease",
            name="entity",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.entity",
            ),
        ),
        migrations.AddField(
            model_name="reserverelease",
            name="proposed_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="reserverelease",
            index=models.Index(fields=["entity", "day"], name="npa_release_of_day"),
        ),
        migrations.AddIndex(
            model_name="reserverelease",
            index=models.Index(fields=["-proposed_at", "-id"], name="npa_release_newest"),
        ),
        migrations.AddConstraint(
            model_name="reserverelease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ("proposed", "approved", "refused", "withdrawn"))
                ),
                name="npa_release_status_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reserverelease",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="npa_release_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="reserverelease",
            constraint=models.CheckConstraint(
                condition=models.Q(("leave_reference", ""), _negated=True),
                name="npa_release_names_the_leave",
            ),
        ),
        migrations.AddConstraint(
            model_name="reserverelease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("day__isnull", False), ("status", "approved")),
                    models.Q(models.Q(("status", "approved"), _negated=True), ("day", None)),
                    _connector="OR",
                ),
                name="npa_release_posted_or_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="reserverelease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at", None), ("answered_by", None), ("status", "proposed")),
                    models.Q(
                        models.Q(("status", "proposed"), _negated=True),
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="npa_release_answered_or_not",
            ),
        ),
        migrations.AddConstraint(
            model_name="reserverelease",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["proposed", "withdrawn"]),
                    models.Q(("answered_by", models.F("proposed_by")), _negated=True),
                    _connector="OR",
                ),
                name="npa_release_by_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="reserverelease",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "proposed")),
                fields=("entity", "currency"),
                name="npa_release_one_proposed",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reserverelease",
            trigger=pgtrigger.compiler.Trigger(
                name="npa_release_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="016aad8d5e2298fc1747aa51f75dcb9169688294",
                    operation="DELETE",
                    pgid="pgtrigger_npa_release_kept_3b01c",
                    table="npa_reserverelease",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reserverelease",
            trigger=pgtrigger.compiler.Trigger(
                name="npa_release_as_proposed",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."entity_id" IS DISTINCT FROM (NEW."entity_id") OR OLD."currency" IS DISTINCT FROM (NEW."currency") OR OLD."amount" IS DISTINCT FROM (NEW."amount") OR OLD."leave_reference" IS DISTINCT FROM (NEW."leave_reference") OR OLD."leave_date" IS DISTINCT FROM (NEW."leave_date") OR OLD."proposed_by_id" IS DISTINCT FROM (NEW."proposed_by_id") OR OLD."proposed_at" IS DISTINCT FROM (NEW."proposed_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2bc91b0b9221a5ae9116063c92b1ea350a323152",
                    operation="UPDATE",
                    pgid="pgtrigger_npa_release_as_proposed_83b59",
                    table="npa_reserverelease",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reserverelease",
            trigger=pgtrigger.compiler.Trigger(
                name="npa_release_once_answered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF NEW.reason IS DISTINCT FROM OLD.reason OR OLD.answered_by_id IS NOT NULL AND (\n        NEW.status IS DISTINCT FROM OLD.status\n        OR NEW.answered_by_id IS DISTINCT FROM OLD.answered_by_id\n        OR NEW.answered_at IS DISTINCT FROM OLD.answered_at\n        OR NEW.answer_note IS DISTINCT FROM OLD.answer_note\n        OR NEW.day IS DISTINCT FROM OLD.day\n    ) THEN\n        RAISE EXCEPTION 'npa_release_once_answered: what was answered stays as it is'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n",
                    hash="b1fde1cc0ec0e3f235101ae46199d61a4b34c589",
                    operation="UPDATE",
                    pgid="pgtrigger_npa_release_once_answered_2831c",
                    table="npa_reserverelease",
                    when="BEFORE",
                ),
            ),
        ),
    ]
