"""Pages of the ledger: trial balance, entries, journal, proofs, and statements of loans."""
