from django.db import migrations


class Migration(migrations.Migration):
    """Nobody recorded how earlier letters reached the applicant, so each waits for a person."""

    dependencies = [("letters", "0006_deliveries")]

    operations = [
        migrations.RunSQL(
            """INSERT INTO letters_delivery (id, created_at, updated_at, status, channel, obstacle,
                                            attempts, message_id, letter_id)
               SELECT gen_random_uuid(), now(), now(), 'queued', 'hand', 'earlier', 0, '', id
               FROM letters_letter WHERE rendered_at IS NOT NULL""",
            migrations.RunSQL.noop,
        )
    ]
