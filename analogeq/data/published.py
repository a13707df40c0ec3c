"""What is known of the published datasets of four IDX files: checksums, places, class names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILES: Mapping[str, int] = {
    "train-images-idx3-ubyte": 3,
    "train-labels-idx1-ubyte": 1,
    "t10k-images-idx3-ubyte": 3,
    "t10k-labels-idx1-ubyte": 1,
}
"""The four files and how many dimensions each has."""


@dataclass(frozen=True)
class Published:
    """One published dataset.

    Attributes
    ----------
    md5 : tuple of str
        Checksum of each uncompressed file, in the order of `FILES`.
    openml : str
        Its name at OpenML, where version 1 is meant.
    torchvision : str
        Where torchvision puts the files below its root.
    class_names : tuple of str
    system_folder : Path or None
        Where Debian's package puts the files.
    package : str
        That package, empty if there is none.
    """

    md5: tuple[str, str, str, str]
    openml: str
    torchvision: str
    class_names: tuple[str, ...]
    system_folder: Path | None = None
    package: str = ""


_CLOTHES = ("T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot")

PUBLISHED: Mapping[str, Published] = {
    "mnist": Published(
        md5=(
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ),
        openml="mnist_784",
        torchvision="MNIST/raw",
        class_names=tuple("0123456789"),
    ),
    "fashion-mnist": Published(
        md5=(
            "f4a8712d7a061bf5bd6d2ca38dc4d50a",
            "9018921c3c673c538a1fc5bad174d6f9",
            "8181f5470baa50b63fa0f6fddb340f0a",
            "15d484375f8d13e6eb1aabb0c3f46965",
        ),
        openml="Fashion-MNIST",
        torchvision="FashionMNIST/raw",
        class_names=_CLOTHES,
        system_folder=Path("/usr/share/datasets/fashion-mnist"),
        package="dataset-fashion-mnist",
    ),
}
