"""What size, compute and compression do to results: trend tests, forecasts, scaling laws, right-sizing and before/after gates."""
