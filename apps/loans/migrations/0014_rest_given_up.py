"""The rest of a loan can be given up, and a schedule says that it was or is put off."""

import django.db.models.deletion
import pgtrigger.compiler
import pgtrigger.migrations
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0013_times_in_force"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="disbursement",
            name="loans_disbursement_within_loan",
        ),
        migrations.AddField(
            model_name="loan",
            name="given_up",
            field=models.DecimalField(
                decimal_places=2, default=Decimal("0"), max_digits=18, verbose_name="given up"
            ),
        ),
        migrations.AddField(
            model_name="loan",
            name="given_up_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="loan",
            name="given_up_date",
            field=models.DateField(null=True, verbose_name="given up on"),
        ),
        migrations.AddField(
            model_name="loan",
            name="given_up_reason",
            field=models.CharField(blank=True, max_length=300, verbose_name="why it was given up"),
        ),
        migrations.AlterField(
            model_name="scheduleversion",
            name="reason",
            field=models.CharField(
                choices=[
                    ("opened", "Agreed in the contract"),
                    ("paid_on_another_day", "Paid out on another day than planned"),
                    ("rest_put_off", "The rest was not paid out on its day"),
                    ("rest_given_up", "The rest is not paid out any more"),
                    ("exited", "Given back in the cooling-off period"),
                    ("taken_on", "Taken on from a tape"),
                    ("part_prepayment", "A part was paid before its time"),
                    ("payoff", "Paid off before its time"),
                    ("write_off", "Written off"),
                    ("rate_change", "Another rate of interest"),
                    ("reschedule", "Rescheduled"),
                    ("restructure", "Restructured"),
                    ("moratorium", "A pause was agreed"),
                    ("due_date_change", "Another day of the month"),
                    ("in_duplum", "Interest stopped at the principal"),
                    ("in_duplum_lifted", "Interest runs again"),
                ],
                max_length=24,
                verbose_name="reason",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="disbursement",
            trigger=pgtrigger.compiler.Trigger(
                name="loans_disbursement_within_loan",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    declare="DECLARE lent RECORD;",
                    func="\n    SELECT principal - given_up AS principal, currency, status INTO lent FROM loans_loan\n    WHERE id = NEW.loan_id FOR NO KEY UPDATE;\n    IF NEW.status NOT IN ('requested', 'approved', 'instructed', 'paid') THEN\n        RETURN NEW;\n    END IF;\n    IF NEW.currency IS DISTINCT FROM lent.currency OR lent.status NOT IN ('opened', 'active') THEN\n        RAISE EXCEPTION 'loans_disbursement_within_loan: the loan is in another currency or state'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    IF NEW.amount + COALESCE((\n        SELECT sum(amount) FROM loans_disbursement\n        WHERE loan_id = NEW.loan_id AND id <> NEW.id\n            AND status IN ('requested', 'approved', 'instructed', 'paid')\n    ), 0) > lent.principal THEN\n        RAISE EXCEPTION 'loans_disbursement_within_loan: more than is lent would be paid out'\n            USING ERRCODE = 'check_violation';\n    END IF;\n    IF NEW.status <> 'requested' AND EXISTS (\n        SELECT 1 FROM loans_loan l JOIN offers_offer o ON o.id = l.offer_id\n        WHERE l.id = NEW.loan_id\n            AND COALESCE(NEW.checked_by_id, NEW.requested_by_id) = ANY (o.link_held_by)\n    ) THEN\n        RAISE EXCEPTION 'loans_disbursement_independent: who held a link by which the offer may'\n            ' have been accepted does not approve its payment' USING ERRCODE = 'check_violation';\n    END IF;\n    RETURN NEW;\n",
                    hash="0279a78d2268caab119b7b86dba7e49479b96102",
                    operation='INSERT OR UPDATE OF "status"',
                    pgid="pgtrigger_loans_disbursement_within_loan_c6a3d",
                    table="loans_disbursement",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("given_up", 0), ("given_up_date__isnull", True), ("given_up_reason", "")
                    ),
                    models.Q(
                        ("given_up__gt", 0),
                        ("given_up__lt", models.F("principal")),
                        ("given_up_date__isnull", False),
                        models.Q(("given_up_reason", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="loans_rest_given_up_for_a_reason",
            ),
        ),
    ]
