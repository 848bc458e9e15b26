"""Steps rise, in the database too.

Where a product that falls was stored before, the rule is not held against it: the constraint is
not validated, so that the migration goes through and the product's row stays as it is. Nothing is
offered of it. A row that is made or changed from now on must rise.
"""

from decimal import Decimal

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("products", "0007_other_schedules"),
    ]

    operations = [
        AddConstraintNotValid(
            model_name="conditions",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("step_factor", None),
                    models.Q(
                        ("step_factor__gt", 1),
                        ("step_factor__isnull", False),
                        ("step_factor__lte", Decimal("2")),
                    ),
                    _connector="OR",
                ),
                name="products_conditions_steps_rise",
            ),
        ),
    ]
