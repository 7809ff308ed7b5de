"""The same questions in many languages, answered by a model and checked against the key."""
