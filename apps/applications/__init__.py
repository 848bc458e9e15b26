"""Intake, lifecycle, affordability, collateral and guarantors."""
