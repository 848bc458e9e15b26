from datetime import timedelta

import django.db.models.expressions
import django.db.models.functions.datetime
import django.db.models.lookups
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_style_guide_right"),
        ("impairment", "0001_parameters_estimates_runs"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="parameterset",
            name="impairment_parameters_once_answered",
        ),
        migrations.AlterField(
            model_name="loanloss",
            name="effective_rate",
            field=models.DecimalField(
                decimal_places=8, max_digits=12, verbose_name="effective rate"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loanloss",
            trigger=pgtrigger.compiler.Trigger(
                name="impairment_loss_as_measured",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="9a0c602d791719df3fd0f00bcff9621c930708fa",
                    operation="UPDATE",
                    pgid="pgtrigger_impairment_loss_as_measured_8bd62",
                    table="impairment_loanloss",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="loanloss",
            trigger=pgtrigger.compiler.Trigger(
                name="impairment_loss_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF EXISTS (\n        SELECT FROM impairment_run r WHERE r.status <> 'running'\n            AND r.id IN (SELECT DISTINCT run_id FROM gone)\n    ) THEN\n        RAISE EXCEPTION 'impairment_loss_kept: losses of a finished measurement stay'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NULL;\n",
                    hash="fbce52580e9996722d038d9635c4a655f0f1b4f8",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_impairment_loss_kept_84196",
                    referencing="REFERENCING OLD TABLE AS gone ",
                    table="impairment_loanloss",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="parameterset",
            trigger=pgtrigger.compiler.Trigger(
                name="impairment_parameters_once_answered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF OLD.answered_by_id IS NOT NULL AND (\n        NEW.answered_by_id IS DISTINCT FROM OLD.answered_by_id\n        OR NEW.answered_at IS DISTINCT FROM OLD.answered_at\n        OR NEW.answer_note IS DISTINCT FROM OLD.answer_note\n        OR NEW.status IS DISTINCT FROM OLD.status\n    ) THEN\n        RAISE EXCEPTION 'impairment_parameters_once_answered: what was answered stays as it is'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n",
                    hash="16adef60a09129d5db1d709734723eebc0aba9ac",
                    operation="UPDATE",
                    pgid="pgtrigger_impairment_parameters_once_answered_f7c8c",
                    table="impairment_parameterset",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=django.db.models.lookups.Exact(
                    django.db.models.functions.datetime.ExtractDay(
                        models.ExpressionWrapper(
                            django.db.models.expressions.CombinedExpression(
                                models.F("day"), "+", models.Value(timedelta(days=1))
                            ),
                            output_field=models.DateField(),
                        )
                    ),
                    1,
                ),
                name="impairment_run_ends_month",
            ),
        ),
    ]
