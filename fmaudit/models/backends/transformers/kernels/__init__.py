"""Compiled loops of the transformers backend; importing one of its modules loads numba."""
