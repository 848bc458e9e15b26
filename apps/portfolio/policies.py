"""Who may see figures of portfolios."""

# Sums alone.
VIEW = "portfolio.view_figures"
# The loans behind a figure; who has it sees loans, too.
LIST = "portfolio.list_loans"
# For who directs a lender: what to ask about first, then its size, growth, quality and profit.
OVERVIEW = "portfolio.view_overview"
