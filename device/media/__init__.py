"""Films and pictures as files: what is in them, how they are read and written."""
