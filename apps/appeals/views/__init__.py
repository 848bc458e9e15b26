"""Pages of appeals for the people who work with them."""
