"""What the audit measures, one file for each subject; every function reads observations and yields results."""
