"""The pages of monitoring, one module for each subject."""
