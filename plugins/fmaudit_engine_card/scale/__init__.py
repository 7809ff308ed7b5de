"""What a model took to train and what would have been the best use of it: compute, time, money, energy, scaling laws, data."""
