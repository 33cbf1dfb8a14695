"""From a picture to its features, and from the gradient of the features back to the picture's."""
