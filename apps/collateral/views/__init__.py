"""The pages of collateral."""
