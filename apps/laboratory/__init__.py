"""Experiments with policies, models and cut-offs on past applications."""
