"""Where frames come from. A source knows nothing of networks."""
