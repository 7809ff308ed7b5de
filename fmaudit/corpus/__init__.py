"""Corpora: their files, the readers, and batches of documents."""
