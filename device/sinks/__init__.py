"""Where tinted frames go. A sink knows nothing of sources."""
