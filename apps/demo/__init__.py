"""A demonstration lender: people, customers, past loans and today's applications."""
