"""The networks, each defined once, in Keras 3."""
