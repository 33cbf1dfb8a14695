"""Neural style transfer to understand: Gatys, Ecker and Bethge (CVPR 2016), equation by equation."""

__version__ = "0.1.0"
