"""Weights of other networks: a file in, names and float arrays out. No deep-learning framework needed."""
