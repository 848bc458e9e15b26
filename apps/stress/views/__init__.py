"""The pages of stress tests, one module for each subject."""
