"""Which cases are pictured: the best, the median and the worst, by a rule that is stated beside them."""

from __future__ import annotations

from dataclasses import dataclass

from core.export.report.scored import Document, compared_values, regions_of

CHOSEN_BY = "dice"


@dataclass(frozen=True, slots=True)
class ChosenCase:
    """A case and why it is shown: `best`, `median` or `worst`, and the mean over the models that says so."""

    case: str
    why: str
    value: float


def typical_cases(document: Document) -> list[ChosenCase]:
    """Choose by the mean over the models of the first region's Dice, over the cases that count for every model.

    Of two cases in the middle the lower one is the median, of equals the first by name; fewer than three cases give
    fewer pictures. A region whose reference is empty has no Dice and chooses nothing.
    """
    for region in regions_of(document)[:1]:
        values = compared_values(document, region, CHOSEN_BY)
        cases = list(next(iter(values.values()), {}))
        means = {case: sum(by_case[case] for by_case in values.values()) / len(values) for case in cases}
        order = sorted(means, key=lambda case: (means[case], case))
        if not order:
            return []
        places = {"best": len(order) - 1, "median": (len(order) - 1) // 2, "worst": 0}
        chosen: dict[str, str] = {}
        for why in ("best", "worst", "median"):  # of one or two cases there is no median
            chosen.setdefault(order[places[why]], why)
        by_why = {why: case for case, why in chosen.items()}
        return [ChosenCase(by_why[why], why, means[by_why[why]]) for why in places if why in by_why]
    return []
