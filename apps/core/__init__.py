"""Money, dates, lifecycle, jobs, access and encryption: what every other app stands on."""
