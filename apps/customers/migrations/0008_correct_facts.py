from django.db import migrations


class Migration(migrations.Migration):
    """Let who decides on appeals correct what was wrong."""

    dependencies = [("customers", "0007_block_list_not_emptied")]

    operations = [
        migrations.AlterModelOptions(
            name="customer",
            options={
                "default_permissions": (),
                "permissions": [
                    ("view_customer", "See customers, personal data masked"),
                    ("edit_customer", "Register and change customers"),
                    ("reveal_customer", "Read personal data in clear"),
                    ("upload_document", "Upload documents"),
                    ("download_document", "Open documents"),
                    ("correct_customer", "Correct facts that an appeal shows to be wrong"),
                ],
                "verbose_name": "customer",
                "verbose_name_plural": "customers",
            },
        ),
    ]
