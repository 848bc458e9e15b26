"""What is done about the quality of the book, one module for each action."""
