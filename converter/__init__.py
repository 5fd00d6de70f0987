"""Everything that makes a network for the board: weights in, a quantized file and its report out."""
