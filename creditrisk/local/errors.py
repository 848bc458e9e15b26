"""What can go wrong while starting local services."""


class LocalError(Exception):
    """A local service cannot do what was asked; the text tells the person what to do."""
