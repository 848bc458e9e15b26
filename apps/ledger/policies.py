"""Who may do what with the ledger. Statements of a loan are for whoever may see the loan."""

VIEW = "ledger.view_ledger"
EXPORT = "ledger.export_journal"
PROVE = "ledger.prove_ledger"
CLOSE = "ledger.close_day"
