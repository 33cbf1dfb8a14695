"""From a picture to its features, and from the gradient with respect to the features back to the picture's."""
