"""What was done, by whom: append-only business events and the hash chain over them."""
