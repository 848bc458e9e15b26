"""Rules as SQL: built from the same dataclasses that the pure modules read. Pure."""
