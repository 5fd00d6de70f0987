"""A live picture: its camera's frames in colour at the camera's rate, for everybody who looks."""
