"""Neural style transfer, made to be understood: Gatys, Ecker and Bethge (CVPR 2016), equation by equation.

Each concept has its own file or folder:

- `pictures/`: files and samples
- `network/`: the pretrained network, its features, and the way back to the picture
- `losses/`: Eq. 1, 3, 4, 5 and 7 of the paper, other statistics, and their weighted sum
- `descent/`: how a loss is minimised, as a stream of steps
- `recipes`: a whole picture in one call; `remake`: the same again, from the file
- `sweeps/`: every combination of a plan, on as many processes or machines as there are
"""

import sys

from styletools.descent.synthesis import Stage, Step, Synthesis, synthesise
from styletools.errors import ImageError, InputError, StyletoolsError, SynthesisError, WeightsError
from styletools.losses import regions
from styletools.losses.equations import (
    content_loss,
    gram_loss,
    gram_matrix,
    style_layer_loss,
    style_loss,
    total_loss,
    total_variation,
)
from styletools.losses.objective import Objective
from styletools.losses.statistics import statistics
from styletools.losses.term import Additive, Term
from styletools.network.hooked import Hooked
from styletools.network.vgg import VGG
from styletools.network.weights import load_weights
from styletools.pictures import colours, variations
from styletools.pictures.images import load_image, to_pil, white_noise
from styletools.pictures.procedural import PROCEDURAL, procedural
from styletools.pictures.samples import PAINTINGS, PHOTOGRAPHS, SAMPLES, credit, sample
from styletools.pictures.saving import load_settings, save_image
from styletools.recipes import Result, reconstruct_content, reconstruct_style, transfer
from styletools.remake import remake
from styletools.sweeps.sweep import sweep

__all__ = [
    "PAINTINGS",
    "PHOTOGRAPHS",
    "PROCEDURAL",
    "SAMPLES",
    "VGG",
    "Additive",
    "Hooked",
    "ImageError",
    "InputError",
    "Objective",
    "Result",
    "Stage",
    "Step",
    "StyletoolsError",
    "Synthesis",
    "SynthesisError",
    "Term",
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
    "remake",
    "sample",
    "save_image",
    "statistics",
    "style_layer_loss",
    "style_loss",
    "sweep",
    "synthesise",
    "to_pil",
    "total_loss",
    "total_variation",
    "transfer",
    "white_noise",
]
__version__ = "0.2.0"

# The lessons written for 0.1 import these from the top of the package.
for _name, _module in {"colours": colours, "regions": regions, "variations": variations}.items():
    sys.modules[f"{__name__}.{_name}"] = _module
