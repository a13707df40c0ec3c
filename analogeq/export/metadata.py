"""What travels with an exported copy: where it came from and how far to trust it."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version

from analogeq.errors import InputError

ACTIVATION = "clip(x, 0, 1) + 0.01 x"
_PACKAGES = ("analogeq", "numpy", "scipy", "PySpice", "safetensors", "onnx", "onnxruntime")


def package_versions() -> dict[str, str]:
    """Versions of Python and of the installed packages that an export depends on."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


@dataclass(frozen=True)
class CopyGap:
    """How far the copy stands from the settled circuit, on the test samples.

    Attributes
    ----------
    mean_abs_difference : float
        Mean of ``|s_copy - s_settled|`` over neurons and samples, in signals (fractions of the rail).
    copy_test_error, settled_test_error : float
        Percent of the test samples misread by the copy alone and by the circuit it predicts.
    """

    mean_abs_difference: float
    copy_test_error: float
    settled_test_error: float

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if not math.isfinite(value) or value < 0.0:
                raise InputError(f"{name}: {value} is no measurement; leave the gap out (None) if it was not measured")


@dataclass(frozen=True)
class CopyMetadata:
    """What a file says about the copy in it.

    Attributes
    ----------
    layer_sizes : tuple of int
        Inputs, hidden layers, outputs; equal to the copy's own.
    dataset : str
        What it was trained on.
    input_scaling : str
        How raw numbers become input signals in [0, 1], as "pixel / 16".
    seed : int
        Of the training run.
    command : str
        What made it, to be run again.
    gap : CopyGap or None
        None when nobody measured it.
    netlist_hash : str
        SHA-256 of the netlist of the circuit that taught it, hexadecimal; empty without one.
    activation : str
    versions : mapping of str to str
        Of the packages that were installed.
    """

    layer_sizes: tuple[int, ...]
    dataset: str
    input_scaling: str
    seed: int
    command: str
    gap: CopyGap | None = None
    netlist_hash: str = ""
    activation: str = ACTIVATION
    versions: Mapping[str, str] = field(default_factory=package_versions)

    def as_json(self) -> dict[str, object]:
        """Return it as the objects JSON knows."""
        return {**asdict(self), "layer_sizes": list(self.layer_sizes), "versions": dict(self.versions)}

    @classmethod
    def from_json(cls, found: Mapping[str, object]) -> CopyMetadata:
        """Read it back.

        Raises
        ------
        InputError
            If a field is missing, unknown or of another type.
        """
        fields = dict(found)
        gap, sizes, versions = fields.pop("gap", None), fields.pop("layer_sizes", None), fields.pop("versions", None)
        if not (isinstance(gap, dict | None) and isinstance(sizes, list) and isinstance(versions, dict)):
            raise InputError("metadata: layer_sizes, gap or versions are not what an export writes")
        try:
            return cls(
                layer_sizes=tuple(int(n) for n in sizes),
                gap=None if gap is None else CopyGap(**gap),
                versions={str(k): str(v) for k, v in versions.items()},
                **fields,  # type: ignore[arg-type]  # names are checked by the call, values are plain JSON
            )
        except TypeError as error:
            raise InputError(f"metadata: {error}; the file was written by another version of analogeq") from error
