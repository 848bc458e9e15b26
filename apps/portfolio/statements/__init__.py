"""The statements that add portfolios up, one module for each kind of sum. Pure: SQL text."""
