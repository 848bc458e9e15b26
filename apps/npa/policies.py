"""Who may see and do what about the quality of the book; for buttons, enforced in services."""

VIEW = "npa.view_quality"
RUN = "npa.run_day_end"
