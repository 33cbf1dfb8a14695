"""The diagrams of the course, one file each, on a common card (`card.py`) and of real numbers (`material.py`)."""
