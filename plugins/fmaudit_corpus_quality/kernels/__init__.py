"""The counts that the rule sets are replayed from, as compiled kernels and as plain Python."""
