"""What is done at the review desk, one module for each action."""
