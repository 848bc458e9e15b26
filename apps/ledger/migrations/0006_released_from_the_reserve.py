"""What is released from a reserve is an entry of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_repayment_account"),
        ("ledger", "0005_reserve"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="entry",
            name="ledger_entry_event_known",
        ),
        migrations.AddConstraint(
            model_name="entry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "event__in",
                        [
                            "disbursement",
                            "disbursement_reversal",
                            "interest_accrual",
                            "fee",
                            "penal_charge",
                            "tax",
                            "repayment",
                            "waiver",
                            "write_off",
                            "recovery",
                            "refund",
                            "reversal",
                            "interest_to_suspense",
                            "provision",
                            "reserve",
                            "reserve_release",
                            "transfer",
                        ],
                    )
                ),
                name="ledger_entry_event_known",
            ),
        ),
    ]
