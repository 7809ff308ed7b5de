"""The built-in backends, one per scheme; only here are torch and transformers known."""
