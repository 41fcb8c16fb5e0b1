/** Window and level: from stored numbers to grey. Pure. */

/** @import {Manifest} from "../types.js" */

/** @typedef {[number, number]} Range  lowest and highest value that differ on screen */

/**
 * @typedef {object} Preset
 * @property {string} name
 * @property {(automatic: Range, whole: Range) => Range} range
 */

/** @type {Preset[]} */
const MR_PRESETS = [
  { name: "auto", range: (automatic) => automatic },
  { name: "full range", range: (_, whole) => whole },
  { name: "soft", range: ([low, high]) => [low - 0.1 * (high - low), high + 0.35 * (high - low)] },
  { name: "hard", range: ([low, high]) => [low + 0.2 * (high - low), high - 0.15 * (high - low)] },
];

/**
 * @param {string} name
 * @param {number} width  Hounsfield units
 * @param {number} level
 * @returns {Preset}
 */
const hounsfield = (name, width, level) => ({ name, range: () => [level - width / 2, level + width / 2] });

/** Widths and levels as they are customary in radiology. @type {Preset[]} */
const CT_PRESETS = [
  MR_PRESETS[0],
  MR_PRESETS[1],
  hounsfield("brain", 80, 40),
  hounsfield("subdural", 200, 75),
  hounsfield("stroke", 40, 40),
  hounsfield("soft tissue", 400, 50),
  hounsfield("lung", 1500, -600),
  hounsfield("bone", 2500, 480),
];

/** The name of a window that was dragged. */
export const BY_HAND = "by hand";

/**
 * @param {string | undefined} kind  what Python says of the image; "ct" is in Hounsfield units
 * @returns {Preset[]}
 */
export function presetsFor(kind) {
  return kind === "ct" ? CT_PRESETS : MR_PRESETS;
}

/**
 * A table from stored bits to an opaque grey pixel, as ImageData stores it.
 *
 * @param {Manifest} manifest
 * @param {Range} range
 * @returns {Uint32Array} 256 or 65,536 entries
 */
export function greyTable(manifest, [low, high]) {
  const wide = manifest.dtype.endsWith("16");
  const size = wide ? 65536 : 256;
  const signed = manifest.dtype.startsWith("i");
  const table = new Uint32Array(size);
  const perUnit = 256 / (high - low || 1e-9);
  const scale = manifest.slope * perUnit;
  const offset = (manifest.intercept - low) * perUnit;
  for (let bits = 0; bits < size; bits++) {
    const stored = signed && bits >= size / 2 ? bits - size : bits;
    const grey = Math.min(255, Math.max(0, Math.floor(stored * scale + offset)));
    // little-endian: alpha, blue, green, red
    table[bits] = (0xff000000 | (grey << 16) | (grey << 8) | grey) >>> 0;
  }
  return table;
}
