"""The review desk: the queue, what is said and asked about a case, and who may hold it."""
