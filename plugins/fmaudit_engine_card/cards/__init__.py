"""The four-section card: data, model, post-training, sampling, from what runs measured, and what they did not."""
