"""Pages of what changes on a loan."""
