from django.db import migrations


class Migration(migrations.Migration):
    """A model is text of any kind now, not only trees."""

    dependencies = [("scoring", "0001_initial")]

    operations = [
        migrations.RenameField(model_name="modelversion", old_name="booster", new_name="body")
    ]
