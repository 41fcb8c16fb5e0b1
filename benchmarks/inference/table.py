"""The results as a page."""

from __future__ import annotations

from typing import Any

from benchmarks.machine import machine_line

NAMES = {
    "segscope": "Segscope with --fast (bfloat16), files to mask",
    "segscope_exact": "Segscope (float32), files to mask",
    "plain_loop": "plain loop: nibabel, whole slices one by one, float32",
    "monai_windows": "MONAI SliceInferer, windows of 160 × 192, overlap 0.25 (its default)",
    "monai_whole_slices": "MONAI SliceInferer, one window per slice",
    "bare_forward": "bare forward passes, as Segscope computes (bfloat16 where the processor has it)",
    "bare_forward_fp32": "bare forward passes, float32",
}

COMPARED = {
    "fast_and_float32": "ours with ours in float32",
    "float32_and_whole_slices": "ours in float32 with the plain loop",
}


def to_markdown(results: dict[str, Any]) -> str:
    """Write whatever parts the results have."""
    lines = [
        "# From files to a mask",
        "",
        f"{machine_line(results['machine'])}. Each part's load average stands with it: on a machine that is busy",
        "otherwise the processor's seconds are the ones to read, of all cores together.",
        "",
    ]
    for part, write in (("case", _case), ("agreement", _agreement), ("first", _first), ("ct", _ct), ("study", _study)):
        if len(results.get(part, {})) > 1 or part == "agreement":
            lines += [*write(results), ""]
    if results.get("notes"):
        lines += ["## How these came about", "", *(f"- {note}" for note in results["notes"]), ""]
    return "\n".join([*lines, "Written by `python -m benchmarks.inference`.", ""])


def _case(results: dict[str, Any]) -> list[str]:
    found = results["case"]
    own = {kind: found[kind]["segscope"] for kind in ("median_s", "median_cpu_s")}
    rows = [
        f"| {title} | {found['median_s'][name]:.2f} | {found['fastest_s'][name]:.2f} | "
        f"{found['median_cpu_s'][name]:.2f} | {found['median_s'][name] / own['median_s']:.2f} | "
        f"{found['median_cpu_s'][name] / own['median_cpu_s']:.2f} |"
        for name, title in NAMES.items()
        if name in found["median_s"]
    ]
    steps = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in found["our_steps_s"].items())
    bare = (
        own["median_s"] / found["median_s"]["bare_forward"],
        own["median_cpu_s"] / found["median_cpu_s"]["bare_forward"],
    )
    return [
        "## One case",
        "",
        (
            f"{found['case']}: 4 × 240 × 240 × 155 `.nii.gz` in, one `.nii.gz` out; a ResNet34 U-Net of random "
            f"weights, warm. Median of {results['repeats']} runs in turn; load average {found['load_average']}."
        ),
        "",
        "| | seconds | fastest | processor seconds | times ours | times ours, processor |",
        "|---|---:|---:|---:|---:|---:|",
        *rows,
        "",
        (
            f"All of it takes {bare[0]:.2f} times the bare forward passes, {bare[1]:.2f} times by processor seconds. "
            f"Our steps in the last run: {steps}."
        ),
    ]


def _agreement(results: dict[str, Any]) -> list[str]:
    if not results.get("agreement"):
        return []
    rows = [
        f"| {name} | {COMPARED[which]} | " + " | ".join(f"{value:.5f}" for value in dice.values()) + " |"
        for name, kinds in results["agreement"].items()
        for which, dice in kinds.items()
    ]
    return [
        "Dice of region masks by networks that were trained for some minutes. Where a slice lies on a canvas moves",
        "what such a network sees between its strides, and the canvas is part of the card: so float32 on that canvas",
        "is what bfloat16 is held against, and the whole slices of the plain loop stand beside it.",
        "",
        "| checkpoint | compared | WT | TC | ET |",
        "|---|---|---:|---:|---:|",
        *rows,
    ]


def _first(results: dict[str, Any]) -> list[str]:
    found = results["first"]
    return [
        "## The slice on screen",
        "",
        (
            f"A stored case, the network warm, {found['clicks']} clicks on slices drawn at random: median "
            f"{found['median_s']:.3f} s, 95th percentile {found['p95_s']:.3f} s; processor seconds "
            f"{found['median_cpu_s']:.3f} and {found['p95_cpu_s']:.3f}; load average {found['load_average']}."
        ),
    ]


def _ct(results: dict[str, Any]) -> list[str]:
    found = results["ct"]
    by_step = ", ".join(f"{step} {mib:,}" for step, mib in found.get("peak_by_step_mb", {}).items())
    return [
        "## A large CT",
        "",
        (
            f"{' × '.join(map(str, found['shape']))} voxels, int16, {found.get('network', 'a narrow U-Net')}, the air "
            f"around the body cropped: at most {found['peak_memory_mb']:,} MiB resident from file to mask"
            f"{f' (MiB by step: {by_step})' if by_step else ''}; {_seconds(found['seconds'])}; "
            f"load average {found['load_average']}."
        ),
    ]


def _study(results: dict[str, Any]) -> list[str]:
    found = results["study"]
    volumes = "; ".join(
        f"on {name} " + ", ".join(f"{region} {ml:.1f}" for region, ml in entry.items())
        for name, entry in found["volumes_ml_on_series"].items()
    )
    own = ", ".join(f"{region} {ml:.1f}" for region, ml in found["volumes_ml"].items())
    rows = [f"| {step} | {seconds:.1f} |" for step, seconds in found["seconds"].items()]
    return [
        "## A study as the scanner left it",
        "",
        (
            f"TCGA-FG-6692, four raw series to a mask on 1 mm and on each series's own grid, by {found['reference']}, "
            "trained for some minutes on other patients."
        ),
        "",
        (
            f"Dice of the whole tumour with the mask fused from five models: {found['whole_tumour_dice']:.3f}. "
            f"Peak memory {found['peak_memory_mb']:,} MiB; load average {found['load_average']}. "
            f"Volumes in ml: on 1 mm {own}; {volumes}."
        ),
        "",
        "![FLAIR and T1c as the scanner left them, the regions outlined on their own voxels](raw_study.png)",
        "",
        "| step | seconds |",
        "|---|---:|",
        *rows,
        "",
        (
            "Images: TCGA-LGG, The Cancer Imaging Archive (Pedano et al., 2016, doi.org/10.7937/K9/TCIA.2016.L4LTD3TK),"
            " CC BY 3.0; segmented and drawn here."
        ),
    ]


def _seconds(steps: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in steps.items() if seconds)
