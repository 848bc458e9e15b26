"""Loans and their outcome; the import of historical tapes."""
