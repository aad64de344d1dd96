"""The results as one picture."""

from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure


def draw(results: dict[str, Any], file: Path) -> None:
    """Ratios on the left, growth beside them."""
    figure = Figure(figsize=(25, 4.8))
    left, middle, right, judging, waving = figure.subplots(1, 5)
    _ratios(left, results["against_moto"])
    _growth(middle, results["seeding"], "seed a synthetic estate")
    _growth(right, results["preparing"], "prepare one network")
    _growth(judging, results["assessing"], f"assess an archive: {results['assessing']['ratio']:g} times lxml's parsing")
    parse = [point["lxml_seconds"] for point in results["assessing"]["points"]]
    judging.plot([point["machines"] for point in results["assessing"]["points"]], parse, "s:", label="lxml only parses")
    judging.legend()
    _waves(waving, results["scaling"])
    machine = results["machine"]
    figure.suptitle(
        f"{machine['processor']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']},"
        f" load {machine['load_average'][0]}",
        fontsize=9,
    )
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def _ratios(axes: Axes, result: dict[str, Any]) -> None:
    names, values = list(result["ratios"]), list(result["ratios"].values())
    bars = axes.barh(names, values, color="#3a6ea5")
    axes.bar_label(bars, [f"{value:g}x" for value in values], padding=3)
    axes.axvline(result["target"], color="#b33", linestyle="--", label=f"target {result['target']:g}x")
    axes.set_xscale("log")
    axes.set_xlim(1, max(values) * 3)
    axes.invert_yaxis()
    axes.set_title(f"requests a second, as a multiple of moto's ({result['objects']} objects)", fontsize=10)
    axes.legend(loc="lower right")


def _waves(axes: Axes, result: dict[str, Any]) -> None:
    units = [each["units"] for each in result["waves"]]
    axes.loglog(units, [each["seconds"] for each in result["waves"]], "o-", color="#3a6ea5", label="wave")
    axes.loglog(units, [each["bare_seconds"] for each in result["waves"]], "s:", color="#999", label="bare script")
    axes.set_xticks(units, [str(each) for each in units])
    axes.minorticks_off()
    axes.set_xlabel("units")
    axes.set_ylabel("seconds")
    axes.set_title(f"waves, {result['at_once']} at once, profile scale", fontsize=10)
    axes.legend()


def _growth(axes: Axes, curve: dict[str, Any], what: str) -> None:
    sizes = [point["machines"] for point in curve["points"]]
    seconds = [point["seconds"] for point in curve["points"]]
    axes.loglog(sizes, seconds, "o-", color="#3a6ea5", label=f"measured, exponent {curve['exponent']:g}")
    axes.loglog(sizes, [seconds[0] * size / sizes[0] for size in sizes], "--", color="#999", label="linear")
    axes.set_xticks(sizes, [str(size) for size in sizes])
    axes.set_yticks(seconds, [f"{each:.2g}" for each in seconds])
    axes.minorticks_off()
    axes.set_xlabel("machines")
    axes.set_ylabel("seconds")
    axes.set_title(what, fontsize=10)
    axes.legend()
