"""How a statement is set: numbered lines and tables, since November 2026."""
