"""Who may see figures of portfolios."""

# Sums alone; the loans behind a figure need the right to see loans as well.
VIEW = "portfolio.view_figures"
# For who directs a lender: what to ask about first, then its size, growth, quality and profit.
OVERVIEW = "portfolio.view_overview"
