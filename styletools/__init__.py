"""Neural style transfer to understand: Gatys, Ecker and Bethge (CVPR 2016), equation by equation.

Each concept has one file:

- `images`, `samples`, `procedural`: pictures
- `weights`, `vgg`: the pretrained network and its features
- `equations`: Eq. 1, 3, 4, 5 and 7 of the paper
- `objective`, `optimisers`, `synthesis`: what is minimised, how, and the stream of steps
- `recipes`: a whole picture in one call
"""

from styletools.equations import (
    content_loss,
    gram_loss,
    gram_matrix,
    style_layer_loss,
    style_loss,
    total_loss,
    total_variation,
)
from styletools.errors import ImageError, InputError, StyletoolsError, SynthesisError, WeightsError
from styletools.images import load_image, load_settings, save_image, to_pil, white_noise
from styletools.objective import Objective
from styletools.procedural import PROCEDURAL, procedural
from styletools.recipes import Result, reconstruct_content, reconstruct_style, transfer
from styletools.samples import PAINTINGS, PHOTOGRAPHS, SAMPLES, credit, sample
from styletools.synthesis import Stage, Step, Synthesis, synthesise
from styletools.vgg import VGG
from styletools.weights import load_weights

__all__ = [
    "PAINTINGS",
    "PHOTOGRAPHS",
    "PROCEDURAL",
    "SAMPLES",
    "VGG",
    "ImageError",
    "InputError",
    "Objective",
    "Result",
    "Stage",
    "Step",
    "StyletoolsError",
    "Synthesis",
    "SynthesisError",
    "WeightsError",
    "content_loss",
    "credit",
    "gram_loss",
    "gram_matrix",
    "load_image",
    "load_settings",
    "load_weights",
    "procedural",
    "reconstruct_content",
    "reconstruct_style",
    "sample",
    "save_image",
    "style_layer_loss",
    "style_loss",
    "synthesise",
    "to_pil",
    "total_loss",
    "total_variation",
    "transfer",
    "white_noise",
]
__version__ = "0.1.0"
