"""The jobs: each wires rooms together and holds its own rules."""
