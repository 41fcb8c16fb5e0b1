"""Each view of Compare shows what it is about, and only the one that is chosen is drawn."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from core.checkpoints import shipped_names
from core.evaluation.calibration import calibrate_case
from core.evaluation.saved import saved_scores
from core.evaluation.saved_files import reference_of, saved_prediction
from core.workspace import PROJECT, Workspace
from tests.cases import case_id
from tests.pages.parts.compare.conftest import FAR, INVENTED, PATIENTS, shipped

FIRST = shipped_names()[0]


def opened(view: str, **address: str) -> AppTest:
    """Compare, as a link with a view in it opens it."""
    app = AppTest.from_file(str(PROJECT / "pages" / "shell.py"), default_timeout=120)
    for name, value in {"view": view, **address}.items():
        app.query_params[name] = value
    app.run().switch_page("compare_models.py").run()
    assert not app.exception
    return app


def words(app: AppTest) -> str:
    """Everything that stands on the page as text, tables and headings too."""
    said = [str(each.value) for kind in (app.markdown, app.caption, app.subheader, app.error) for each in kind]
    return "\n".join([*said, *tables(app)])


def tables(app: AppTest) -> Iterator[str]:
    elements: Any = app.main
    return (str(each.proto.body) for each in elements if each.type == "html")


def row_of(app: AppTest, *cells: str) -> str:
    """The row of a table that holds these texts."""
    rows = [row for table in tables(app) for row in re.findall(r"<tr>.*?</tr>", table)]
    found = [row for row in rows if all(f">{cell}<" in row or f"> {cell}<" in row or cell in row for cell in cells)]
    assert found, f"no row with {cells}"
    return found[0]


def dice(workspace: Workspace, model: str, patient: int) -> float:
    found = saved_scores(workspace, workspace.cohort("small"), case_id(patient), shipped()[model])
    assert found is not None
    value = found["WT"]["dice"]
    assert isinstance(value, float)
    return value


def test_scores_gives_mean_median_and_n_of_the_patients_that_all_have(compared: Workspace) -> None:
    app = opened("scores")
    values = [dice(compared, FIRST, patient) for patient in range(1, PATIENTS + 1)]
    row = row_of(app, shipped()[FIRST].card.title)
    assert f">{np.mean(values):.3f}<" in row
    assert f">{np.median(values):.3f}<" in row
    assert f">{PATIENTS}<" in row
    assert " to " in row, "six patients have an interval"
    said = words(app)
    assert "2 TP / (2 TP + FP + FN)" in said, "the definition stands below"
    assert "a region whose reference is empty is left out for every model" in said
    assert "after Holm" in said
    assert "Menze" in said
    assert app.query_params["view"] == "scores", "a link opens it again"
    assert "segscope_viewer" not in str([each.type for each in app.main]), "Look was not drawn"


def test_failures_lists_the_invented_lesion_with_a_link_to_its_slice(compared: Workspace) -> None:
    app = opened("failures")
    (kind,) = (each for each in app.button_group if each.label == "Kind")
    kind.set_value("invented-lesion").run()
    assert not app.exception
    row = row_of(app, f"{INVENTED} voxels", shipped()[FIRST].card.title)
    href = re.search(r'href="([^"]+)"', row)
    assert href is not None
    x, y, z = (int(each) for each in re.findall(r"cursor=(\d+),(\d+),(\d+)", href[1])[0])
    assert all(start <= at < start + 2 for start, at in zip(FAR, (x, y, z), strict=True))
    assert 'src="data:image/jpeg;base64,' in row, "its place is pictured"
    assert f"case={case_id(1)}" in href[1]
    assert f"slice={z}" in href[1]
    assert "view=look" in href[1]


def test_trust_gives_the_calibration_error_of_each_model(compared: Workspace) -> None:
    app = opened("trust")
    cohort, checkpoint = compared.cohort("small"), shipped()[FIRST]
    counted = None
    for case in cohort.cases:
        prediction = saved_prediction(compared, cohort, case, checkpoint)
        assert prediction is not None
        found = calibrate_case(prediction, reference_of(cohort, case)[0], cohort.scheme.region_names)
        counted = found if counted is None else counted + found
    assert counted is not None
    assert f">{counted.near['WT'].ece:.3f}<" in row_of(app, checkpoint.card.title)
    assert "at most 5 along each axis" in words(app), "over which voxels is said"


def test_report_says_what_it_is_made_of_and_waits_for_a_button(compared: Workspace) -> None:
    app = opened("report")
    assert "Report on small" in [each.value for each in app.subheader]
    assert f"{PATIENTS} cases" in words(app)
    assert "Make the report" in [each.label for each in app.button]
    assert not list(compared.root.glob("jobs/report-*")), "nothing is made unasked"


def test_what_is_not_segmented_is_counted_and_offered(one_missing: Workspace) -> None:
    app = opened("scores")
    assert f"1 of {PATIENTS * len(shipped())} masks are not made yet, of 1 case." in words(app)
    assert "Segment the rest" in [each.label for each in app.button]
    assert case_id(PATIENTS) in words(app), "the patient that not every model has is named"
    assert f">{PATIENTS - 1}<" in row_of(app, shipped()[FIRST].card.title)


def test_nonsense_in_the_address_opens_look(compared: Workspace) -> None:
    app = opened("../scores")
    assert "DICE, THIS CASE" in words(app)
