"""Offers of loans: what the applicant is told before signing, and what came of it."""
