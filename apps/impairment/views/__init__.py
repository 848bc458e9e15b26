"""The pages of expected credit loss, one module for each subject."""
