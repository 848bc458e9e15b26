"""A day that cannot be misread, 17 Jul 2026, as the filter `day` writes it."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i"
YEAR_MONTH_FORMAT = "M Y"
