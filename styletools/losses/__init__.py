"""How pictures are compared: the paper's equations, other statistics of features, and their weighted sum."""
