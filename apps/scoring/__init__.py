"""The model registry, the champion, score runs and their explanations."""
