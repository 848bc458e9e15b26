"""Who may ask for quotes."""

MAKE = "schedules.make_quote"
