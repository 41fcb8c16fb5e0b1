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
 * @property {(direction: 1 | -1) => void} jump
 * @property {(factor: number) => void} zoom
 * @property {() => void} mirror
 * @property {() => void} reset
 * @property {() => void} help
 * @property {() => void} tools
 * @property {() => boolean} escape  whether there was something to leave
 */

const PAGE = 10;

/** For the help: what to press, and what it does. @type {[string, string][]} */
export const HELP = [
  ["Wheel, arrow keys", "scroll through slices"],
  ["Page Up, Page Down", "ten slices"],
  ["Home, End", "first and last slice"],
  ["Drag", "move the crosshair"],
  ["Right drag", "window: sideways wider, down darker"],
  ["Ctrl + wheel, + −", "zoom"],
  ["Shift + drag", "move the image"],
  ["A  C  S", "axial, coronal, sagittal"],
  ["1 … 9", "regions on and off"],
  ["O", "fill, both, outline"],
  ["Space", "flicker the overlay"],
  ["N  P", "next and previous slice with tumour or error"],
  ["X", "swap radiological and neurological"],
  ["0", "reset zoom, window and overlay"],
  ["One finger, two fingers", "scroll; zoom and move"],
  ["T", "the row of tools"],
  ["?", "this list"],
];

/**
 * @param {HTMLElement} root
 * @param {Deeds} deeds
 * @param {Shortcut[]} shortcuts  of the tools
 */
export function listenToKeys(root, deeds, shortcuts) {
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const target = /** @type {HTMLElement} */ (event.composedPath()[0]);
    if (event.ctrlKey || event.metaKey || event.altKey || keepsKey(target, event.key)) return;
    if (act(event.key, deeds, shortcuts)) event.preventDefault();
  });
  // Streamlit listens to these as well
  for (const kind of ["keyup", "keypress"]) root.addEventListener(kind, (event) => event.stopPropagation());
}

/**
 * Whether a control under the focus needs a key for itself.
 *
 * @param {HTMLElement} target
 * @param {string} key
 */
function keepsKey(target, key) {
  if (target.matches("select, input")) return key !== "?" && key !== "Escape";
  return target.matches("button") && (key === " " || key === "Enter");
}

/** @type {Record<string, (deeds: Deeds) => void>} */
const DEEDS = {
  ArrowDown: (deeds) => deeds.scroll(1),
  ArrowRight: (deeds) => deeds.scroll(1),
  ArrowUp: (deeds) => deeds.scroll(-1),
  ArrowLeft: (deeds) => deeds.scroll(-1),
  PageDown: (deeds) => deeds.scroll(PAGE),
  PageUp: (deeds) => deeds.scroll(-PAGE),
  Home: (deeds) => deeds.goTo("first"),
  End: (deeds) => deeds.goTo("last"),
  a: (deeds) => deeds.plane("axial"),
  c: (deeds) => deeds.plane("coronal"),
  s: (deeds) => deeds.plane("sagittal"),
  o: (deeds) => deeds.nextMode(),
  " ": (deeds) => deeds.flicker(),
  n: (deeds) => deeds.jump(1),
  p: (deeds) => deeds.jump(-1),
  x: (deeds) => deeds.mirror(),
  "+": (deeds) => deeds.zoom(1.25),
  "=": (deeds) => deeds.zoom(1.25),
  "-": (deeds) => deeds.zoom(0.8),
  0: (deeds) => deeds.reset(),
  t: (deeds) => deeds.tools(),
  "?": (deeds) => deeds.help(),
};

/**
 * @param {string} key
 * @param {Deeds} deeds
 * @param {Shortcut[]} shortcuts
 * @returns {boolean} whether the key meant something
 */
export function act(key, deeds, shortcuts) {
  if (key === "Escape") return deeds.escape();
  if (key >= "1" && key <= "9" && key.length === 1) {
    deeds.toggle(Number(key) - 1);
    return true;
  }
  const name = key.length === 1 ? key.toLowerCase() : key;
  const shortcut = shortcuts.find((each) => each.key === name);
  const deed = shortcut ? shortcut.run : DEEDS[name];
  deed?.(deeds);
  return deed !== undefined;
}
