"""Find the last rows of loans that left the books without reading whole months."""

from typing import ClassVar

from django.db import migrations

# Few rows a day: the index costs a night next to nothing. Partitions made later copy it.
_MAKE = """
    CREATE INDEX npa_loanday_gone ON npa_loanday (loan_id, day)
    WHERE asset_class IN ('closed', 'written_off')
"""


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("npa", "0009_computed_history")]

    operations: ClassVar[list[migrations.RunSQL]] = [
        migrations.RunSQL(_MAKE, "DROP INDEX npa_loanday_gone")
    ]
