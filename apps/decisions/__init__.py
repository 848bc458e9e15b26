"""Policy, decision, review queue, reasons."""
