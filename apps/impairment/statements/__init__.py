"""What is asked of the database about many loans at once. Pure: SQL text."""
