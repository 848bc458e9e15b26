import django.db.models.deletion
import django.db.models.fields.json
import django.db.models.functions.comparison
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


# What `statements.loans.SUMS` writes, for every measurement that was finished before.
SUMS = """
    INSERT INTO impairment_losssum (run_id, branch_id, product_id, currency, stage, reason,
        security, loans, drawn, ead, loss_12, loss_lifetime, loss, loss_base, loss_upside,
        loss_downside)
    SELECT l.run_id, l.branch_id, l.product_id, l.currency, l.stage, l.reason, l.security,
        count(*), sum(l.drawn), sum(l.ead), sum(l.loss_12), sum(l.loss_lifetime), sum(l.loss),
        sum(l.loss_base), sum(l.loss_upside), sum(l.loss_downside)
    FROM impairment_loanloss l JOIN impairment_run r ON r.id = l.run_id
    WHERE r.status = 'finished'
    GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_style_guide_right"),
        ("impairment", "0002_month_ends_and_kept_rows"),
        ("products", "0010_names_by_language"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="LossSum",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("currency", models.CharField(max_length=3, verbose_name="currency")),
                ("stage", models.PositiveSmallIntegerField(verbose_name="stage")),
                ("reason", models.CharField(max_length=16, verbose_name="reason")),
                ("security", models.CharField(max_length=24, verbose_name="secured by")),
                ("loans", models.PositiveIntegerField(verbose_name="loans")),
                (
                    "drawn",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="owed"),
                ),
                (
                    "ead",
                    models.DecimalField(
                        decimal_places=2, max_digits=18, verbose_name="exposure at default"
                    ),
                ),
                (
                    "loss_12",
                    models.DecimalField(
                        decimal_places=2, max_digits=18, verbose_name="loss over twelve months"
                    ),
                ),
                (
                    "loss_lifetime",
                    models.DecimalField(
                        decimal_places=2, max_digits=18, verbose_name="loss over the lifetime"
                    ),
                ),
                (
                    "loss",
                    models.DecimalField(
                        decimal_places=2, max_digits=18, verbose_name="expected credit loss"
                    ),
                ),
                (
                    "loss_base",
                    models.DecimalField(decimal_places=2, max_digits=18, verbose_name="loss, base"),
                ),
                (
                    "loss_upside",
                    models.DecimalField(
                        decimal_places=2, max_digits=18, verbose_name="loss, upside"
                    ),
                ),
                (
                    "loss_downside",
                    models.DecimalField(
                        decimal_places=2, max_digits=18, verbose_name="loss, downside"
                    ),
                ),
            ],
            options={
                "verbose_name": "sum of expected credit losses",
                "verbose_name_plural": "sums of expected credit losses",
                "default_permissions": (),
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loanloss",
            trigger=pgtrigger.compiler.Trigger(
                name="impairment_loss_added",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF EXISTS (\n        SELECT FROM impairment_run r WHERE r.status <> 'running'\n            AND r.id IN (SELECT DISTINCT run_id FROM came)\n    ) THEN\n        RAISE EXCEPTION 'impairment_loss_added: nothing is added to a finished measurement'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n",
                    hash="376ac2a56683b78de0f64666f9c4f924868034fb",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_impairment_loss_added_5318c",
                    referencing="REFERENCING NEW TABLE AS came ",
                    table="impairment_loanloss",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="parameterset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    django.db.models.lookups.GreaterThan(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "pd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "base",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("0"),
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "pd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "base",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("10"),
                    ),
                    django.db.models.lookups.GreaterThan(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "lgd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "base",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("0"),
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "lgd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "base",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("5"),
                    ),
                    django.db.models.lookups.GreaterThan(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "pd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "upside",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("0"),
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "pd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "upside",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("10"),
                    ),
                    django.db.models.lookups.GreaterThan(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "lgd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "upside",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("0"),
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "lgd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "upside",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("5"),
                    ),
                    django.db.models.lookups.GreaterThan(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "pd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "downside",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("0"),
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "pd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "downside",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("10"),
                    ),
                    django.db.models.lookups.GreaterThan(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "lgd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "downside",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("0"),
                    ),
                    django.db.models.lookups.LessThanOrEqual(
                        django.db.models.functions.comparison.Cast(
                            django.db.models.fields.json.KeyTextTransform(
                                "lgd_shift",
                                django.db.models.fields.json.KeyTextTransform(
                                    "downside",
                                    django.db.models.fields.json.KeyTextTransform(
                                        "scenarios", "body"
                                    ),
                                ),
                            ),
                            models.DecimalField(decimal_places=10, max_digits=20),
                        ),
                        Decimal("5"),
                    ),
                ),
                name="impairment_parameters_shifts_within",
            ),
        ),
        migrations.AddField(
            model_name="losssum",
            name="branch",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.branch",
            ),
        ),
        migrations.AddField(
            model_name="losssum",
            name="product",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="products.product",
            ),
        ),
        migrations.AddField(
            model_name="losssum",
            name="run",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sums",
                to="impairment.run",
            ),
        ),
        migrations.AddConstraint(
            model_name="losssum",
            constraint=models.UniqueConstraint(
                fields=("run", "branch", "product", "currency", "stage", "reason", "security"),
                name="impairment_sum_once",
            ),
        ),
        # Before the trigger that refuses what is added to a finished measurement; and what waits to
        # be checked at the end of the transaction would keep the trigger from being made.
        migrations.RunSQL([SUMS, "SET CONSTRAINTS ALL IMMEDIATE"], migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="losssum",
            trigger=pgtrigger.compiler.Trigger(
                name="impairment_sum_as_measured",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="b757306a910409f539f013874e0866047bc7e5e3",
                    operation="UPDATE",
                    pgid="pgtrigger_impairment_sum_as_measured_f6299",
                    table="impairment_losssum",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="losssum",
            trigger=pgtrigger.compiler.Trigger(
                name="impairment_sum_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF EXISTS (\n        SELECT FROM impairment_run r WHERE r.status <> 'running'\n            AND r.id IN (SELECT DISTINCT run_id FROM gone)\n    ) THEN\n        RAISE EXCEPTION 'impairment_sum_kept: losses of a finished measurement stay'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n",
                    hash="4814a295d1604d8a884c68fedf8361cc01bdbbae",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_impairment_sum_kept_1181e",
                    referencing="REFERENCING OLD TABLE AS gone ",
                    table="impairment_losssum",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="losssum",
            trigger=pgtrigger.compiler.Trigger(
                name="impairment_sum_added",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF EXISTS (\n        SELECT FROM impairment_run r WHERE r.status <> 'running'\n            AND r.id IN (SELECT DISTINCT run_id FROM came)\n    ) THEN\n        RAISE EXCEPTION 'impairment_sum_added: nothing is added to a finished measurement'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n",
                    hash="21d7582e6ad141f679a57677f06ef273e3f2b6b4",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_impairment_sum_added_f525a",
                    referencing="REFERENCING NEW TABLE AS came ",
                    table="impairment_losssum",
                    when="AFTER",
                ),
            ),
        ),
    ]
