"""Every change of a loan's life after it was paid out, by who may, with its reason."""
