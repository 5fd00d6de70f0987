"""``tintcast batch``: a folder of films and pictures, overnight."""
