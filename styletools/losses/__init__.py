"""What a picture is compared with: the paper's equations, other statistics of features, and their weighted sum."""
