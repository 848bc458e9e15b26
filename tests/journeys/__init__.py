"""What people do with the system, in a real browser, against real processes."""
