"""Everything that runs on the board: frames in, tinted frames out."""
