"""Any causal or sequence-to-sequence transformers model on this machine."""
