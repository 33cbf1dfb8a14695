"""Minimise any loss over the pixels of a picture, as a stream of steps."""
