"""What of a DICOM header may be seen: numbers of the acquisition, and words from a vocabulary; never free text.

A series description is typed by hand and has held names, rooms and dates. Only words that name a sequence, a plane
or contrast come through; what else stands there is dropped without a trace.
"""

from __future__ import annotations

import re

from core.data.formats.dicom.elements import Elements
from core.data.image import ContextValue

NUMBERS = (
    "MagneticFieldStrength",
    "EchoTime",
    "RepetitionTime",
    "InversionTime",
    "FlipAngle",
    "SliceThickness",
    "SpacingBetweenSlices",
    "KVP",
)
GAUSS_PER_TESLA = 10_000.0
STRONGEST_TESLA = 30.0  # a field strength above is in gauss, as some scanners write it
CODES = ("Modality", "ScanningSequence", "SequenceVariant")
TEXTS = ("SeriesDescription", "ProtocolName", "SequenceName")
CODE = re.compile(r"[A-Z]{2,3}")  # defined terms of these attributes: MR, CT, SE, GR, IR, SK, OSP
KNOWN_CODES = frozenset(
    {
        *("MR", "CT", "PT", "NM", "OT", "SC", "US", "CR", "DX", "XA", "MG"),
        *("SE", "IR", "GR", "EP", "RM", "SK", "MTC", "SS", "TRSS", "SP", "MP", "OSP", "TOF", "NONE"),
    }
)
MAKERS = {
    "siemens": "Siemens",
    "philips": "Philips",
    "ge": "GE",
    "general electric": "GE",
    "toshiba": "Toshiba",
    "canon": "Canon",
    "hitachi": "Hitachi",
    "fujifilm": "Fujifilm",
    "hyperfine": "Hyperfine",
    "united imaging": "United Imaging",
    "uih": "United Imaging",
    "bruker": "Bruker",
    "varian": "Varian",
    "elekta": "Elekta",
    "esaote": "Esaote",
    "neusoft": "Neusoft",
    "samsung": "Samsung",
    "mobius": "Mobius",
    "agfa": "Agfa",
    "picker": "Picker",
    "elscint": "Elscint",
    "marconi": "Marconi",
    "shimadzu": "Shimadzu",
}
# fmt: off
MODEL_WORDS = frozenset({
    "signa", "discovery", "optima", "genesis", "hdx", "hdxt", "hde", "excite", "premier", "architect", "artist",
    "pioneer", "explorer", "voyager", "creator", "lightspeed", "brightspeed", "revolution", "vct", "ultra", "pro16",
    "qx", "i", "16", "64", "mr450w", "mr750", "mr750w", "mr450", "ct750", "hd", "hispeed", "rhapsode", "gem",
    "achieva", "ingenia", "intera", "panorama", "gyroscan", "ambition", "elition", "dstream", "brilliance", "ict",
    "ingenuity", "iqon", "mx8000", "gemini", "evolution", "prodiva", "multiva", "nt", "cx", "dual", "release",
    "trio", "triotim", "tim", "verio", "skyra", "prisma", "prisma_fit", "fit", "avanto", "avanto_fit", "aera",
    "espree", "symphony", "symphonytim", "sonata", "harmony", "vision", "magnetom", "biograph", "mmr", "biograph_mmr",
    "terra", "vida", "sola", "lumina", "altea", "essenza", "amira", "sempra", "allegra", "spectra", "investigational",
    "somatom", "sensation", "emotion", "definition", "flash", "edge", "force", "drive", "perspective", "volume", "zoom",
    "as", "as+", "plus", "open", "duo", "confidence", "go", "up", "now", "top", "all", "x.cite", "naeotom", "alpha",
    "aquilion", "one", "prime", "vantage", "titan", "galan", "orian", "excelart", "aquarius", "asteion", "lightning",
    "oasis", "echelon", "airis", "aperto", "elite", "vega", "oval", "altaire", "scenaria", "swoop", "umr", "uct",
    "mr", "ct", "medical", "systems", "1.5t", "3t", "3.0t", "1.5", "3.0", "128", "256", "fx", "neuviz",
})
VOCABULARY = frozenset({
    # weighting and sequence
    "t1", "t2", "t2*", "t1w", "t2w", "t1wi", "t2wi", "pd", "pdw", "flair", "fla", "flr", "darkfluid", "dark",
    "fluid", "dwi", "dti", "diff", "diffusion", "trace", "tracew", "adc", "dadc", "swi", "swan", "swip", "venobold",
    "perf", "perfusion", "dsc", "dce", "asl", "bold", "fmri", "star", "stir", "tirm", "gre", "medic", "hemo", "ir",
    "se", "tse", "fse", "frfse", "tfe", "ffe", "epi", "ep2d", "tfl", "tfl3d", "spc", "space", "cube", "vista",
    "brainview", "mprage", "mp2rage", "mpr", "spgr", "fspgr", "irspgr", "bravo", "vibe", "thrive", "flash", "fl3d",
    "fl2d", "haste", "propeller", "blade", "multivane", "ciss", "fiesta", "truefisp", "trufi", "tof", "mra",
    "mrv", "angio", "pc", "map", "fieldmap", "field", "mapping", "t1map", "t2map", "fisp", "tgse", "spin", "echo",
    "gradient", "fast", "turbo", "weighted", "localizer", "localiser", "loc", "scout", "survey", "calibration",
    "asset", "sense", "subtraction", "subtracted", "fatsat", "fs", "fat", "sat", "mtc", "ns", "b0", "b1000",
    # plane and shape
    "ax", "axial", "tra", "trans", "transverse", "sag", "sagittal", "cor", "coronal", "obl", "oblique", "2d", "3d",
    "iso", "isotropic", "mip", "reformat", "recon", "thin", "thick",
    # contrast
    "post", "pre", "gd", "gad", "gado", "gadolinium", "postcontrast", "postgad", "postgd", "precontrast", "pregad",
    "pregd", "ce", "km", "mdc", "contrast", "kontrast", "enhanced", "enh", "unenhanced", "noncontrast", "nc", "native",
    "nativ", "no", "non", "without", "with", "w/o", "w/", "+c", "c+", "ohne", "mit", "gadovist", "gadavist",
    "magnevist", "multihance", "dotarem", "prohance",
    # body and CT
    "ct", "cta", "ncct", "nect", "cect", "hrct", "mr", "mri", "pet", "head", "brain", "neuro", "skull", "neck",
    "spine", "chest", "thorax", "abdomen", "pelvis", "soft", "tissue", "bone", "lung", "standard", "stnd", "std",
    "sharp", "smooth", "detail", "arterial", "venous", "portal", "phase", "delayed", "helical", "spiral",
})
# fmt: on
KERNEL = re.compile(r"[A-Za-z]{1,2}\d{2}[a-z]?|F[A-Z]\d{2}|YA|YB|YC|UB|UC")
TOKEN = re.compile(r"\+\s?c(?![a-z])|(?<![a-z])c\+|t2\s?\*|w/o|w/|[a-z0-9]+")
# words that are written without a gap: AXT2FLAIR, t1ce, se2d, T1wPost
GLUED = re.compile(
    r"(?:axial|sagittal|coronal|flair|post|star|pre|gad|tra|sag|cor|fse|tse|tfe|ffe|tfl|spc|cube|3d|2d|ax|t1wi?|"
    r"t2wi?|t1|t2|ce|gd|km|fs|se|fl|ir)+"
)
SPLIT_DIGITS = re.compile(r"(tfl|tse|fse|spc|ep|epfid|se|fl|fi|gr|tir|tirm|h|swi|b|me|qfl)([23]d)\d*|b\d{1,4}")


def context_of(elements: Elements, nested: Elements) -> dict[str, ContextValue]:
    """Return what may be shown of a series, by DICOM keyword.

    Args:
        elements: of one of its files.
        nested: what an enhanced image says of its first frame's timing, by the same keywords.
    """
    context: dict[str, ContextValue] = {}
    for keyword in CODES:
        if codes := [code for code in elements.texts(keyword) if CODE.fullmatch(code) and code in KNOWN_CODES]:
            context[keyword] = " ".join(codes)
    if maker := _maker(elements.text("Manufacturer")):
        context["Manufacturer"] = maker
    if model := _listed_words(elements.text("ManufacturerModelName"), MODEL_WORDS):
        context["ManufacturerModelName"] = model
    for keyword in TEXTS:
        if words := sequence_words(elements.text(keyword)):
            context[keyword] = words
    for keyword in NUMBERS:
        number = elements.number(keyword)
        if (number := nested.number(keyword) if number is None else number) is not None:
            context[keyword] = number / GAUSS_PER_TESLA if number > STRONGEST_TESLA and "Field" in keyword else number
    for keyword, stands_for in (("EffectiveEchoTime", "EchoTime"), ("InversionTimes", "InversionTime")):
        if stands_for not in context and (number := nested.number(keyword)) is not None:
            context[stands_for] = number
    if "ContrastBolusAgent" in elements:
        agent = elements.text("ContrastBolusAgent").lower()
        context["ContrastBolusAgent"] = "no" if agent in {"", "no", "none", "n"} else "yes"
    if kernel := _kernel(elements.text("ConvolutionKernel")):
        context["ConvolutionKernel"] = kernel
    return context


def sequence_words(text: str) -> str:
    """Return the words of a description that name a sequence, a plane, contrast or a body part; the rest is dropped."""
    tokens = (token.replace(" ", "") for token in TOKEN.findall(text.lower()))
    return " ".join(token for token in tokens if _names_a_sequence(token))


def _names_a_sequence(token: str) -> bool:
    return token in VOCABULARY or bool(GLUED.fullmatch(token) or SPLIT_DIGITS.fullmatch(token))


def _maker(text: str) -> str:
    line = text.lower()
    return next((name for word, name in MAKERS.items() if re.search(rf"\b{word}\b", line)), "")


def _listed_words(text: str, words: frozenset[str]) -> str:
    return " ".join(word for word in text.split() if word.lower().strip("()") in words)


def _kernel(text: str) -> str:
    return text if KERNEL.fullmatch(text) else _listed_words(text, VOCABULARY)
