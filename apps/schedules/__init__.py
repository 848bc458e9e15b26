"""Schedule arithmetic, the cost of credit, and quotes of both; nothing here is stored."""
