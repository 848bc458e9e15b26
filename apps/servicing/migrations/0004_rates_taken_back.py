"""A row of the benchmark rates that nothing was posted under may be taken back."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_style_guide_right"),
        ("servicing", "0003_sealed_words"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="benchmarkrate",
            name="servicing_rate_kept",
        ),
        migrations.RemoveConstraint(
            model_name="benchmarkrate",
            name="servicing_rate_once_a_day",
        ),
        migrations.AddField(
            model_name="benchmarkrate",
            name="taken_back_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="taken back"),
        ),
        migrations.AddField(
            model_name="benchmarkrate",
            name="taken_back_by",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="benchmarkrate",
            name="taken_back_reason",
            field=models.CharField(
                blank=True,
                default="",
                editable=False,
                max_length=300,
                verbose_name="why it was taken back",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="benchmarkrate",
            trigger=pgtrigger.compiler.Trigger(
                name="servicing_rate_kept",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="611d22cde4eb4f0f9e2fa87cdab67b8abfad1d23",
                    operation="DELETE",
                    pgid="pgtrigger_servicing_rate_kept_de16a",
                    table="servicing_benchmarkrate",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="benchmarkrate",
            trigger=pgtrigger.compiler.Trigger(
                name="servicing_rate_as_entered",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."entity_id" IS DISTINCT FROM (NEW."entity_id") OR OLD."benchmark" IS DISTINCT FROM (NEW."benchmark") OR OLD."effective_date" IS DISTINCT FROM (NEW."effective_date") OR OLD."annual_rate" IS DISTINCT FROM (NEW."annual_rate") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."set_by_id" IS DISTINCT FROM (NEW."set_by_id") OR OLD."set_at" IS DISTINCT FROM (NEW."set_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="de278b5bc98fc979e2b103f6159fc8fab9659cce",
                    operation="UPDATE",
                    pgid="pgtrigger_servicing_rate_as_entered_d3d65",
                    table="servicing_benchmarkrate",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="benchmarkrate",
            trigger=pgtrigger.compiler.Trigger(
                name="servicing_rate_back_for_good",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."taken_back_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="c6d3f17a07215ab7c14d3f86e60a60079a76ee2e",
                    operation="UPDATE",
                    pgid="pgtrigger_servicing_rate_back_for_good_a6583",
                    table="servicing_benchmarkrate",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="benchmarkrate",
            constraint=models.UniqueConstraint(
                condition=models.Q(("taken_back_at", None)),
                fields=("entity", "benchmark", "effective_date"),
                name="servicing_rate_once_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="benchmarkrate",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("taken_back_at", None), ("taken_back_by", None), ("taken_back_reason", "")
                    ),
                    models.Q(
                        ("taken_back_at__isnull", False),
                        ("taken_back_by__isnull", False),
                        models.Q(("taken_back_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="servicing_rate_back_with_reason",
            ),
        ),
    ]
