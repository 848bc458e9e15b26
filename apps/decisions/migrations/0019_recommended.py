from django.db import migrations, models
from django.db.models import Q

# What `tracing.recommendation` says, for the verdicts there are.
FROM_TRACES = """
    UPDATE decisions_reviewcase c
    SET recommended = CASE
        WHEN d.trace @? '$.results[*] ? (@.outcome == "decline")'
            OR d.trace @? '$.findings[*] ? (@.outcome == "decline")' THEN 'decline'
        ELSE d.trace -> 'band' ->> 'outcome'
    END
    FROM decisions_decision r, decisions_decision d
    WHERE r.id = c.referral_id AND d.application_id = c.application_id
        AND d.number = r.number + 1 AND c.status = 'closed' AND d.trace ? 'band'
"""


class Migration(migrations.Migration):
    dependencies = [("decisions", "0018_who_reopens_does_not_sign")]

    operations = [
        migrations.AddField(
            model_name="reviewcase",
            name="recommended",
            field=models.CharField(
                blank=True,
                choices=[
                    ("approve", "Approved"),
                    ("refer", "Sent to review"),
                    ("decline", "Declined"),
                ],
                default="",
                max_length=8,
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="reviewcase",
            index=models.Index(
                condition=Q(status="closed"), fields=["verdict_at"], name="decisions_case_verdicts"
            ),
        ),
        migrations.RunSQL(FROM_TRACES, migrations.RunSQL.noop),
    ]
