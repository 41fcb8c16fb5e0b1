/** What each key does. None of them ever reaches Streamlit's own shortcuts. */

/** @import {Shortcut} from "../tools/index.js" */
/** @import {Plane} from "../types.js" */

/**
 * What keys can ask of their viewer.
 *
 * @typedef {object} Deeds
 * @property {(slices: number) => void} scroll
 * @property {(end: "first" | "last") => void} goTo
 * @property {(plane: Plane) => void} plane
 * @property {(region: number) => void} toggle
 * @property {() => void} nextMode
 * @property {() => void} flicker
 * @property {(factor: number) => void} zoom
 * @property {(right: number, down: number) => void} cross  move the crosshair by voxels on the screen
 * @property {(right: number, down: number) => void} pan  move the image by CSS pixels
 * @property {(wider: number, darker: number) => void} window  as a right drag by so many CSS pixels
 * @property {(by: number) => void} opacity
 * @property {(step: 1 | -1) => void} nextPanel
 * @property {() => void} mirror
 * @property {() => void} reset
 * @property {() => void} help
 * @property {() => void} tools
 * @property {() => boolean} escape  whether there was something to leave
 */

const PAGE = 10;
const PAN_PIXELS = 24;
/** A twentieth of the automatic window. */
const WINDOW_PIXELS = 15;
const OPACITY_STEP = 0.05;

/**
 * @param {HTMLElement} root
 * @param {Deeds} deeds
 * @param {Shortcut[]} shortcuts  of the tools
 */
export function listenToKeys(root, deeds, shortcuts) {
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
    const chord = chordOf(event);
    if (chord === null || keepsKey(target, event.key)) return;
    if (act(chord, deeds, shortcuts)) event.preventDefault();
  });
  // Streamlit listens to these as well
  for (const kind of ["keyup", "keypress"]) root.addEventListener(kind, (event) => event.stopPropagation());
}

/**
 * The key with what is held down beside it; null where it belongs to the browser.
 *
 * @param {KeyboardEvent} event
 * @returns {string | null}
 */
export function chordOf(event) {
  const { key } = event;
  // on many keyboards brackets and braces are typed with AltGr, which some systems report as Ctrl + Alt
  if (key.length === 1 && event.getModifierState("AltGraph")) return key;
  if (key.startsWith("Arrow") && !event.metaKey && !event.shiftKey) {
    // Ctrl + arrows are free everywhere but on a Mac, Alt + arrows only there
    if (isMac() ? event.altKey && !event.ctrlKey : event.ctrlKey && !event.altKey) return `Ctrl+${key}`;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (key.length === 1) return key.toLowerCase();
  return event.shiftKey ? `Shift+${key}` : key;
}

export function isMac() {
  return /^(Mac|iP)/.test(navigator.platform);
}

const TYPED_INTO = "textarea, input:not([type=range], [type=checkbox], [type=radio], [type=button], [type=color])";
const MOVES = ["Home", "End", "PageUp", "PageDown"];

/**
 * Whether a control under the focus needs a key for itself.
 *
 * @param {HTMLElement} target
 * @param {string} key
 */
function keepsKey(target, key) {
  if (target.matches(TYPED_INTO)) return key !== "Escape";
  if (target.matches("select")) return key !== "?" && key !== "Escape";
  if (target.matches("input")) return key.startsWith("Arrow") || MOVES.includes(key) || key === " ";
  return target.matches("button, a, summary, [role=button]") && (key === " " || key === "Enter");
}

/** @type {Record<string, (deeds: Deeds) => void>} */
export const DEEDS = {
  ArrowDown: (deeds) => deeds.scroll(1),
  ArrowRight: (deeds) => deeds.scroll(1),
  ArrowUp: (deeds) => deeds.scroll(-1),
  ArrowLeft: (deeds) => deeds.scroll(-1),
  PageDown: (deeds) => deeds.scroll(PAGE),
  PageUp: (deeds) => deeds.scroll(-PAGE),
  Home: (deeds) => deeds.goTo("first"),
  End: (deeds) => deeds.goTo("last"),
  "Shift+ArrowRight": (deeds) => deeds.cross(1, 0),
  "Shift+ArrowLeft": (deeds) => deeds.cross(-1, 0),
  "Shift+ArrowDown": (deeds) => deeds.cross(0, 1),
  "Shift+ArrowUp": (deeds) => deeds.cross(0, -1),
  "Shift+PageDown": (deeds) => deeds.cross(0, PAGE),
  "Shift+PageUp": (deeds) => deeds.cross(0, -PAGE),
  "Shift+End": (deeds) => deeds.cross(PAGE, 0),
  "Shift+Home": (deeds) => deeds.cross(-PAGE, 0),
  "Ctrl+ArrowRight": (deeds) => deeds.pan(PAN_PIXELS, 0),
  "Ctrl+ArrowLeft": (deeds) => deeds.pan(-PAN_PIXELS, 0),
  "Ctrl+ArrowDown": (deeds) => deeds.pan(0, PAN_PIXELS),
  "Ctrl+ArrowUp": (deeds) => deeds.pan(0, -PAN_PIXELS),
  "[": (deeds) => deeds.window(-WINDOW_PIXELS, 0),
  "]": (deeds) => deeds.window(WINDOW_PIXELS, 0),
  "{": (deeds) => deeds.window(0, WINDOW_PIXELS),
  "}": (deeds) => deeds.window(0, -WINDOW_PIXELS),
  ";": (deeds) => deeds.opacity(-OPACITY_STEP),
  "'": (deeds) => deeds.opacity(OPACITY_STEP),
  ",": (deeds) => deeds.nextPanel(-1),
  ".": (deeds) => deeds.nextPanel(1),
  a: (deeds) => deeds.plane("axial"),
  c: (deeds) => deeds.plane("coronal"),
  s: (deeds) => deeds.plane("sagittal"),
  o: (deeds) => deeds.nextMode(),
  " ": (deeds) => deeds.flicker(),
  x: (deeds) => deeds.mirror(),
  "+": (deeds) => deeds.zoom(1.25),
  "=": (deeds) => deeds.zoom(1.25),
  "-": (deeds) => deeds.zoom(0.8),
  0: (deeds) => deeds.reset(),
  t: (deeds) => deeds.tools(),
  "?": (deeds) => deeds.help(),
};

/**
 * @param {string} chord
 * @param {Deeds} deeds
 * @param {Shortcut[]} shortcuts
 * @returns {boolean} whether it meant something
 */
export function act(chord, deeds, shortcuts) {
  if (chord === "Escape") return deeds.escape();
  if (/^[1-9]$/.test(chord)) {
    deeds.toggle(Number(chord) - 1);
    return true;
  }
  const shortcut = shortcuts.find((each) => each.key === chord);
  const deed = shortcut ? shortcut.run : DEEDS[chord];
  deed?.(deeds);
  return deed !== undefined;
}
