"""The graphs that a page computes with: the network forwards, the terms, and the way back to the picture."""
