"""The ledger: double entry, append-only; balances are sums of what was posted."""
