from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_repayment_account"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="user",
            options={
                "default_permissions": (),
                "permissions": [
                    ("view_people", "See people, roles and limits"),
                    ("manage_people", "Keep people, roles, branches and limits"),
                    ("view_style_guide", "See the style guide"),
                ],
                "verbose_name": "person",
                "verbose_name_plural": "people",
            },
        ),
    ]
