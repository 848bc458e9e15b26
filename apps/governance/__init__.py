"""Training of models and their promotion by two people."""
