"""Pages of offers for the people who work with them."""
