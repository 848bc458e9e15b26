"""Loan products: amounts, terms, rates, fees, purposes."""
