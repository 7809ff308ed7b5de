"""Compiled loops over bytes: what a document is made of."""
