"""The pages of portfolios, one module for each subject."""
