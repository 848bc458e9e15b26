"""A day that cannot be misread, 17 जुलाई 2026: cut-off names of months read as no words."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
YEAR_MONTH_FORMAT = "F Y"
