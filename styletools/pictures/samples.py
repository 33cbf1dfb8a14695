"""The pictures that come with the package, by name, with their credits."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from PIL import Image

from styletools.door import explained
from styletools.errors import InputError, shown
from styletools.pictures.procedural import PROCEDURAL, procedural

__all__ = ["PAINTINGS", "PHOTOGRAPHS", "SAMPLES", "Credit", "credit", "sample"]


@dataclass(frozen=True)
class Credit:
    """Who made a picture, and under which terms it may be used."""

    title: str
    author: str
    terms: str
    kind: str

    def __str__(self) -> str:
        """One line to print under the picture."""
        return f"{self.title}, {self.author} ({self.terms})"


_CREDITS = {
    "astronaut": Credit("Eileen Collins", "NASA", "public domain", "photograph"),
    "chelsea": Credit("Chelsea the cat", "Stéfan van der Walt", "CC0", "photograph"),
    "china": Credit("Chinese temple", "danielbuechele on Flickr", "CC BY 2.0", "photograph"),
    "coffee": Credit("A cup of coffee", "Rachel Michetti (Pikolo Espresso Bar)", "CC0", "photograph"),
    "great_wave": Credit("The Great Wave off Kanagawa, about 1831", "Katsushika Hokusai", "public domain", "painting"),
    "rocket": Credit("Launch of DSCOVR", "SpaceX", "CC0", "photograph"),
    "starry_night": Credit("The Starry Night, 1889", "Vincent van Gogh", "public domain", "painting"),
    "the_kiss": Credit("The Kiss, 1907–08", "Gustav Klimt", "public domain", "painting"),
    "village_street_auvers": Credit("Village Street in Auvers, 1890", "Vincent van Gogh", "public domain", "painting"),
}

SAMPLES: tuple[str, ...] = tuple(_CREDITS)
"""Names of the nine pictures that come with the package."""
PAINTINGS: tuple[str, ...] = tuple(name for name in SAMPLES if _CREDITS[name].kind == "painting")
"""Those of `SAMPLES` that are paintings: styles."""
PHOTOGRAPHS: tuple[str, ...] = tuple(name for name in SAMPLES if _CREDITS[name].kind == "photograph")
"""Those of `SAMPLES` that are photographs: contents."""


@explained
def sample(name: str) -> Image.Image:
    """Open a picture that comes with the package.

    Args:
        name: one of `SAMPLES`, or of `PROCEDURAL` (then 512 × 512, seed 0).

    Returns:
        The picture, mode RGB.

    Raises:
        InputError: no picture has that name; the message lists the names.

    Example:
        >>> sample("chelsea").size
        (451, 300)
    """
    if name in PROCEDURAL:
        return procedural(name)
    _check(name)
    with files("styletools").joinpath(f"data/images/{name}.jpg").open("rb") as file:
        return Image.open(file).convert("RGB")


@explained
def credit(name: str) -> Credit:
    """Say who made a bundled picture and under which terms it may be used.

    Args:
        name: one of `SAMPLES`, or of `PROCEDURAL`.

    Raises:
        InputError: no picture has that name; the message lists the names.

    Example:
        >>> print(credit("starry_night"))
        The Starry Night, 1889, Vincent van Gogh (public domain)
    """
    if name in PROCEDURAL:
        return Credit(name.replace("_", " "), "drawn by styletools.pictures.procedural", "CC0", "procedural")
    _check(name)
    return _CREDITS[name]


def _check(name: str) -> None:
    if name not in _CREDITS:
        raise InputError(f"no sample picture is called {shown(name)}; there are {', '.join((*SAMPLES, *PROCEDURAL))}")
