"""Rendering, freezing and delivering documents."""
