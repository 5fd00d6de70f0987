"""The mathematics of colour: plain functions on arrays, no networks, no files."""
