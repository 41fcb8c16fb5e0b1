"""Names of structures that may be shown: free text can hold a patient's name, words of anatomy cannot."""

from __future__ import annotations

import re

WORDS = frozenset(
    """
    abdomen active air anterior aorta area artery bed bladder block body bone bones border borders bowel boost brain
    brainstem breast bronchus bulb canal carotid cavity cerebellum cerebrospinal cerebrum cervical chest chiasm chiasma
    clinical cochlea colon contour contralateral cord core cortex cranial csf ctv cyst disease dose ear edema enhancing
    esophagus et external eye eyes femoral flair fluid frontal gland globe gray grey gross gtv head heart hippocampi
    hippocampus hypothalamus inferior inner internal intestine ipsilateral itv kidney kidneys l lacrimal larynx lateral
    left lens lenses lesion lesions lesser liver lobe low lower lt lung lungs lymph mandible marker mask matter medial
    medulla metastases metastasis metastatic middle muscle necrosis necrotic neck nerve nerves node nodes non normal
    oar occipital oedema oesophagus optic oral orbit organ outer pancreas parietal parotid pelvis pituitary plan
    planning pons posterior postop preop primary prostate ptv r rc rectum recurrence region resection retina right rind
    ring risk roi rt sacrum scalp scar sinus skin skull spinal spine spleen stem stomach structure subcutaneous
    superior surface surgical target tc temporal thalamus thorax thyroid tissue tongue total trachea tumor tumors
    tumour tumours upper ureter vein ventricle ventricles vertebra vertebrae vessel vessels vitreous volume white whole
    wt
    """.split()  # noqa: SIM905 - a list of 170 quoted words is no easier to read
)
PARTS = re.compile(r"[A-Za-z]+|[0-9]+")
SEPARATORS = re.compile(r"[ _.,+/()-]*")
LONGEST = 40


def harmless_name(name: str) -> str:
    """Return a structure's name in lower case where it is made of known words and one short number, else ""."""
    parts = PARTS.findall(name[: LONGEST + 1].lower())
    numbers = [part for part in parts if part.isdigit()]
    known = all(part in WORDS for part in parts if not part.isdigit())
    rest = PARTS.sub("", name)
    if len(name) > LONGEST or len(parts) == len(numbers) or not known or not SEPARATORS.fullmatch(rest):
        return ""
    return " ".join(parts) if len(numbers) <= 1 and all(len(number) <= 2 for number in numbers) else ""
