"""Which sequence an image is, judged by its name and by how it was acquired; never over what the user said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

ASK_BELOW = 0.75  # a guess less sure than this is shown as a question


@dataclass(frozen=True, slots=True)
class Guess:
    """What an image is taken for.

    Attributes:
        modality: t1n, t1c, t2w, t2f, ct, or a free name such as dwi.
        confidence: 0 to 1; below `ASK_BELOW` the user is asked.
        why: what it was judged by, for a sentence.
    """

    modality: str
    confidence: float
    why: str

    @property
    def asks(self) -> bool:
        """Whether the user has to confirm it."""
        return self.confidence < ASK_BELOW


_GADOLINIUM = frozenset({"gd", "gad", "gado", "gadolinium"})
_POST = _GADOLINIUM | {
    *("post", "postcontrast", "postgad", "postgd", "ce", "km", "mdc", "contrast", "kontrast", "enhanced", "enh"),
    *("gadovist", "gadavist", "magnevist", "multihance", "dotarem", "prohance"),
}
_PRE = frozenset({"pre", "precontrast", "pregad", "pregd", "native", "nativ", "unenhanced", "noncontrast", "nc"})
_NOT_AN_IMAGE = frozenset(
    {
        *("localizer", "localiser", "loc", "scout", "survey", "calibration", "asset", "tof", "mra"),
        *("subtraction", "subtracted", "map", "t1map", "t2map"),
    }
)
_ACQUIRED = frozenset(
    {
        *("ax", "axial", "sag", "sagittal", "cor", "coronal", "tra", "transverse", "2d", "3d"),
        *("se", "tse", "fse", "ir", "fs", "fatsat", "w", "wi", "weighted", "dark", "fluid"),
    }
)
# words, what they make of an image, how surely, how it is said; the first that is met wins, because sequences with a
# name of their own hold T1 or T2 by accident
_SAID: tuple[tuple[frozenset[str], str, float, str], ...] = (
    (frozenset({"adc", "dadc"}), "adc", 0.8, "ADC"),
    (frozenset({"dwi", "diff", "diffusion", "trace", "dti"}), "dwi", 0.8, "diffusion"),
    (frozenset({"swi", "swan", "swip", "venobold"}), "swi", 0.8, "susceptibility"),
    (frozenset({"perf", "perfusion", "dsc", "dce", "asl"}), "perfusion", 0.8, "perfusion"),
    (frozenset({"bold", "fmri"}), "bold", 0.8, "BOLD"),
    (frozenset({"pet"}), "pet", 0.8, "PET"),
    (frozenset({"pd", "pdw", "pdwi"}), "pd", 0.8, "proton density"),
    (frozenset({"star", "t2s"}), "t2s", 0.8, "T2*"),
    (frozenset({"t1"}), "t1n", 0.95, "T1"),
    (frozenset({"flair", "fla", "flr", "darkfluid"}), "t2f", 0.95, "FLAIR"),
    (frozenset({"tirm"}), "t2f", 0.7, "TIRM, which FLAIR and STIR both are"),
    (frozenset({"gre", "hemo", "medic"}), "t2s", 0.8, "a T2* gradient echo"),
    (frozenset({"t2"}), "t2w", 0.9, "T2"),
    (frozenset({"ct", "cta", "ncct", "nect", "cect", "hrct"}), "ct", 0.9, "CT"),
    (
        frozenset({"mprage", "mp2rage", "spgr", "fspgr", "irspgr", "bravo", "mpr", "vibe"}),
        "t1n",
        0.87,
        "a T1 gradient echo",
    ),
    (_GADOLINIUM, "t1c", 0.6, "gadolinium, but no weighting"),
)
# what may be glued to T1, T2 or FLAIR: AXT2FLAIR, t1ce, T1wPost, 3DT1
_PIECES = (
    "axial|sagittal|coronal|flair|post|star|pre|gad|tra|sag|cor|fse|tse|tfe|ffe|cube|3d|2d|ax|t1|t2|wi|ce|gd|km|"
    "fs|se|ir|w|n|c|f|s"
)
_GLUED = re.compile(rf"(?=.*(?:t1|t2|flair))(?:{_PIECES})+")
_PIECE = re.compile(_PIECES)
_MEANING = {"c": "post", "n": "pre", "f": "flair", "s": "star"}
_AGENT = r"(contrast|gad\w*|gd|km|c)(?![a-z])"
_REWRITTEN = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (r"dark[\s_-]*fluid", " darkfluid "),
        (r"post[\s_-]*op\w*", " "),  # after the operation, not after contrast
        (rf"(?<![a-z])(no|non|without|w/?o|ohne|sans|sin|senza)[\s_.-]*{_AGENT}", " pre "),
        (rf"(?<![a-z])pre[\s_-]*{_AGENT}", " pre "),
        (rf"\+\s*{_AGENT}|(?<=[\s_-])c\+|(?<=t1)c\+", " post "),
        (r"t2\s*\*", " star "),
        (r"(?<=t[12])[\s_-]*(w|wi|weighted)(?![a-z0-9])", " "),
    )
)


def from_text(text: str) -> Guess | None:
    """Guess a modality from a file name or a series description, by whole words.

    Args:
        text: such as `case_7_t1ce.nii.gz`, `AX T1 SE +C` or `t2_tirm_tra_dark-fluid`.

    Returns:
        The guess, or None where no word says what the image is or it is a localizer, a map or a subtraction.
    """
    words = _words(text)
    if words & _NOT_AN_IMAGE:
        return None
    for said, modality, confidence, how in _SAID:
        if words & said:
            guess = Guess(modality, confidence, f"its name says {how}")
            return _by_contrast(guess, words) if modality == "t1n" else guess
    return None


def tells_sequence(word: str) -> bool:
    """Tell whether a single word of a name is about the sequence: T1, post, axial, tse; so not about the patient."""
    low = word.lower()
    return low in _POST | _PRE | _ACQUIRED or from_text(low) is not None


def _by_contrast(t1: Guess, words: set[str]) -> Guess:
    if {"t1", "t2"} <= words:
        return replace(t1, confidence=0.5, why=f"{t1.why} and T2")
    post, pre = bool(words & _POST), bool(words & _PRE)
    if post and pre:
        return replace(t1, confidence=0.5, why=f"{t1.why}, and both before and after contrast")
    if post:
        return replace(t1, modality="t1c", why=f"{t1.why} with contrast")
    if pre:
        return replace(t1, why=f"{t1.why} without contrast")
    return replace(t1, confidence=round(t1.confidence - 0.1, 2), why=f"{t1.why} and nothing of contrast")


def _words(text: str) -> set[str]:
    """Return the words of a name in lower case, glued ones taken apart and contrast written as `post` or `pre`."""
    line = text.lower()
    for pattern, meaning in _REWRITTEN:
        line = pattern.sub(meaning, line)
    words: set[str] = set()
    for word in re.findall(r"[a-z0-9]+", line):
        if _GLUED.fullmatch(word):
            words |= {_MEANING.get(piece, piece) for piece in _PIECE.findall(word)}
        else:
            words.add(word)
    return words


def from_dicom(context: Mapping[str, str | float | int]) -> Guess | None:
    """Guess a modality from what a DICOM series says of itself: its words first, then its timing.

    Args:
        context: values by DICOM keyword: Modality, SeriesDescription, ProtocolName, EchoTime, RepetitionTime and
            InversionTime in ms, ScanningSequence, ContrastBolusAgent. Any may be missing.

    Returns:
        The guess, or None where neither words nor timing say it.
    """
    kind = str(context.get("Modality", "")).upper()
    if kind == "CT":
        return Guess("ct", 1.0, "its DICOM modality is CT")
    if kind == "PT":
        return Guess("pet", 1.0, "its DICOM modality is PT")
    if kind not in {"", "MR"}:
        return None
    texts = [str(context.get(key, "")) for key in ("SeriesDescription", "ProtocolName")]
    words = next((guess for text in texts if (guess := from_text(text))), None)
    if words is None and any(_words(text) & _NOT_AN_IMAGE for text in texts):
        return None
    timing = _from_timing(context)
    if words is None or timing is None:
        return _with_contrast(words or timing, context, " ".join(texts))
    return _with_contrast(_agreed(words, timing), context, " ".join(texts))


def _agreed(words: Guess, timing: Guess) -> Guess:
    both = f"{words.why}; {timing.why}"
    if _weighting(words) == _weighting(timing):
        return Guess(words.modality, max(words.confidence, timing.confidence, 0.95), both)
    if (words.modality, timing.modality) == ("t2w", "t2f"):
        return Guess("t2f", 0.85, f"{both}, which the word T2 does not rule out")
    if timing.confidence >= ASK_BELOW and words.modality in {"t1n", "t1c", "t2w", "t2f"}:
        return replace(words, confidence=0.5, why=f"{words.why}, but {timing.why}")
    return words


def _weighting(guess: Guess) -> str:
    return "t1" if guess.modality in {"t1n", "t1c"} else guess.modality


def _with_contrast(guess: Guess | None, context: Mapping[str, str | float | int], text: str) -> Guess | None:
    """Let a contrast agent make a T1 a t1c; after contrast a T2 or a FLAIR stays what it is."""
    agent = str(context.get("ContrastBolusAgent", "")).strip().lower()
    if guess is None or guess.modality != "t1n" or agent in {"", "no", "none", "n"}:
        return guess
    if _words(text) & _PRE:
        return replace(guess, confidence=0.6, why=f"{guess.why}, but a contrast agent is recorded")
    return Guess("t1c", min(guess.confidence, 0.9), f"{guess.why}; a contrast agent is recorded")


def _from_timing(context: Mapping[str, str | float | int]) -> Guess | None:
    """Judge by echo, repetition and inversion time.

    Reference: McRobbie et al., MRI from Picture to Proton, 2nd ed. 2007, ch. 3: short TE and short TR weight T1,
        long TE and long TR weight T2; an inversion time near 0.69 T1 of CSF nulls it.
    """
    echo = _number(context, "EchoTime", "EffectiveEchoTime")
    repetition, inversion = _number(context, "RepetitionTime"), _number(context, "InversionTime")
    sequence = str(context.get("ScanningSequence", "")).upper()
    if echo is None or "EP" in sequence:
        return None
    said = f"TE {echo:.0f}" + "".join(
        f", {name} {value:.0f}" for name, value in (("TR", repetition), ("TI", inversion)) if value
    )
    gradient = "GR" in sequence and "SE" not in sequence
    judged = (_gradient_echo if gradient else _spin_echo)(echo, repetition, inversion or 0.0)
    return judged and Guess(judged[0], judged[1], f"{said} ms are {judged[2]}")


_Judged = tuple[str, float, str] | None


def _spin_echo(echo: float, repetition: float | None, inversion: float) -> _Judged:
    if 1500 <= inversion <= 3000 and echo >= 60:
        return "t2f", 0.9, "a FLAIR's"
    if repetition is None or 0 < inversion < 300:  # the latter is a STIR
        return None
    if echo <= 35 and (repetition <= 1000 or (repetition <= 3500 and 400 <= inversion <= 1300)):
        return "t1n", 0.8, "a T1's"
    if echo >= 60 and repetition >= 1500 and not inversion:
        return "t2w", 0.8, "a T2's"
    if echo <= 45 and repetition >= 1800 and not inversion:
        return "pd", 0.6, "a proton density's"
    return None


def _gradient_echo(echo: float, repetition: float | None, inversion: float) -> _Judged:
    if echo <= 10 and ((repetition or 1000) <= 60 or inversion >= 300):
        return "t1n", 0.8, "a T1 gradient echo's"
    if echo >= 15:
        return "t2s", 0.6, "a T2* gradient echo's"
    return None


def _number(context: Mapping[str, str | float | int], *keys: str) -> float | None:
    """Return the first of these values that is a number, or None."""
    for key in keys:
        try:
            return float(context[key])
        except (KeyError, ValueError, TypeError):
            continue
    return None
