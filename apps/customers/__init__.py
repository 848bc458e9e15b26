"""Who borrows: identity, income, household, obligations, bureau reports, consent, documents."""
