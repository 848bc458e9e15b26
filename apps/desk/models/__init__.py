"""What the review desk keeps about cases and about the people who work on them."""
