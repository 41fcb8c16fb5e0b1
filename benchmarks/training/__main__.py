"""Time training steps of one ResNet34 U-Net in four loops, in turn, and write results.json and results.md.

`python -m benchmarks.training --scans FOLDER [--device cpu] [--rounds 3]`

Every loop starts from the same weights, sees the same batches of real slices (192 x 192, four sequences) and
minimises the same loss; the losses of equal steps stand beside the times. The plain loop, the bare one and MONAI's
trainer find their batches ready in memory; ours is timed twice: with batches that are ready too, which is the engine's
own cost, and with its loader at work, reading, preparing and augmenting on the same cores.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from benchmarks.machine import describe_machine, machine_line
from benchmarks.training import peers
from core.importing import ImportChoices, import_folder
from core.inference.device import choose_compute
from core.losses import build_loss
from core.models import build_model
from core.recipe import Recipe, load_recipe
from core.splitting import make_split
from core.training.batches.loading import batches as loaded_batches
from core.training.batches.sampling import Batch
from core.training.engine.trainer import Trainer
from core.training.process import gather
from core.training.start import create_run, plan_run
from core.workspace import Workspace

if TYPE_CHECKING:
    from torch import nn

HERE = Path(__file__).parent
PACKAGES = ("torch", "segmentation-models-pytorch", "monai", "pytorch-ignite", "numpy")
CASES = 4
WARM = 2  # steps of each round that are not counted
TITLES = {
    "plain": "plain smp loop, float32",
    "monai": "MONAI SupervisedTrainer, float32",
    "bare": "bare loop with our precision and layout",
    "engine": "our engine, batches ready",
    "ours": "our engine and loader",
}


def main() -> None:
    """Measure, and write both files."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--scans", type=Path, required=True, help="a folder of complete BraTS cases")
    options.add_argument("--device", default="cpu")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--steps", type=int, default=8)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        document = measure(Path(folder), chosen.scans, chosen.device, chosen.rounds, chosen.steps)
    (HERE / "results.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (HERE / "results.md").write_text(page(document), encoding="utf-8")
    print((HERE / "results.md").read_text(encoding="utf-8"))


def recipe_of(steps: int, preset: str) -> Recipe:
    """Return the recipe that all loops follow: a constant rate, nothing clipped, no decay."""
    settings = ["model.encoder_weights=none", "data.input_size=192", "train.batch_size=8", f"max_steps={steps}"]
    settings += ["optim.schedule=constant", "optim.warmup_steps=0", "optim.clip_norm=null", "optim.weight_decay=0"]
    settings += [f"optim.lr={peers.LEARNING_RATE}", f"augment.preset={preset}", "train.validate_every_steps=1000000"]
    return load_recipe("brats-resnet34", [*settings, "train.checkpoint_every_steps=1000000", "epochs=1000"])


def measure(folder: Path, scans: Path, device: str, rounds: int, steps: int) -> dict[str, Any]:
    """Time every loop `rounds` times, one after the other within each round."""
    import torch

    workspace = Workspace(folder / "workspace")
    (folder / "scans").mkdir()
    complete = [case for case in sorted(scans.iterdir()) if case.is_dir() and len(list(case.glob("*.nii*"))) >= 5]
    for case in complete[:CASES]:
        shutil.copytree(case, folder / "scans" / case.name)
    import_folder(workspace, folder / "scans", "cases", ImportChoices())
    make_split(workspace, "cases", "default", None, "100/0/0", 0)
    recipe = recipe_of(steps, "standard")
    compute = choose_compute(device)
    plan = plan_run(workspace, recipe, "cases", "default", None)
    sampler = gather(workspace, create_run(workspace, recipe, plan), compute).sampler
    ready = [
        Batch(batch.images.copy(), batch.targets.copy())
        for _, (batch,) in loaded_batches(sampler, range(1, steps + 1), recipe.train.batch_size)
    ]
    loss = build_loss(recipe.loss.name, recipe.loss.arguments)

    def fresh() -> nn.Module:
        torch.manual_seed(recipe.train.seed)
        return build_model(recipe.model.name, 4, 3, recipe.model.arguments)

    def ours(given: Sequence[Batch] | None) -> peers.Steps:
        run = create_run(workspace, recipe, plan)
        stamps: list[float] = []
        losses: list[float] = []

        def emit(event: dict[str, Any]) -> None:
            if event["event"] == "step":
                stamps.append(time.perf_counter())
                losses.append(event["loss"])

        trainer = Trainer(run, gather(workspace, run, compute), emit, lambda: None)
        trainer.resume()
        with patch("core.training.engine.trainer.batches", _given(given) if given else loaded_batches):
            trainer.train(run.status)
        shutil.rmtree(run.folder)
        return [after - before for before, after in pairwise(stamps)], losses

    loops: dict[str, Callable[[], peers.Steps]] = {
        "plain": lambda: peers.plain(fresh(), loss, ready, compute.device),
        "monai": lambda: peers.monai(fresh(), loss, ready, compute.device),
        "bare": lambda: peers.bare(fresh(), loss, ready, compute.device, compute.bf16),
        "engine": lambda: ours(ready),
        "ours": lambda: ours(None),
    }
    seconds: dict[str, list[float]] = {name: [] for name in loops}
    losses: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, loop in loops.items():
            taken, losses[name] = loop()
            seconds[name] += taken[WARM:]
    return {
        "machine": describe_machine(PACKAGES),
        "threads": torch.get_num_threads(),
        "device": compute.to_json(),
        "batch": list(ready[0].images.shape),
        "seconds_per_step": {name: median(taken) for name, taken in seconds.items()},
        "all_seconds": seconds,
        "losses": losses,
        "loader_slices_per_s": loader_rate(sampler, recipe.train.batch_size),
    }


def loader_rate(sampler: Any, size: int, steps: int = 30) -> float:
    """Return how many slices a second the loader alone makes."""
    begun = time.perf_counter()
    for _ in loaded_batches(sampler, range(1, steps + 1), size):
        pass
    return steps * size / (time.perf_counter() - begun)


def _given(ready: Sequence[Batch]) -> Callable[..., Generator[tuple[int, list[Batch]], None, None]]:
    def batches(
        _sampler: Any, steps: Iterable[int], *_rest: Any, **_more: Any
    ) -> Generator[tuple[int, list[Batch]], None, None]:
        for step in steps:
            yield step, [ready[step - 1]]

    return batches


def page(document: dict[str, Any]) -> str:
    """Write the table: time per step, and against the plain loop, with the loss after the last step."""
    taken, losses = document["seconds_per_step"], document["losses"]
    rows = ["| loop | ms a step | plain / it | loss at step 1 | loss at the last |", "|---|---:|---:|---:|---:|"]
    rows += [
        f"| {title} | {taken[name] * 1000:.0f} | {taken['plain'] / taken[name]:.2f} | {losses[name][0]:.4f} "
        f"| {losses[name][-1]:.4f} |"
        for name, title in TITLES.items()
    ]
    size, rate = document["batch"][0], document["loader_slices_per_s"]
    facts = [
        f"- the engine costs {100 * (taken['engine'] / taken['bare'] - 1):+.1f} % over the bare loop",
        f"- against MONAI's trainer: {taken['monai'] / taken['ours']:.2f} times as fast, its loader at work",
        f"- the loader alone makes {rate:.0f} slices/s, {rate * taken['ours'] / size:.1f} times what the steps take",
    ]
    device, shape = document["device"], " x ".join(map(str, document["batch"]))
    described = (
        f"ResNet34 U-Net (random start), batch {shape}, AdamW, BCE + Dice, real slices; {device['device']}, "
        f"bf16 {device['bf16']}, {document['threads']} threads; medians, loops in turn."
    )
    return "\n".join(
        [
            "# Training steps",
            "",
            described,
            f"Measured on {machine_line(document['machine'])}.",
            "",
            *rows,
            "",
            *facts,
            "",
        ]
    )


if __name__ == "__main__":
    main()
