/** Lengths, and the lines that show them. */

import { toScreen } from "./geometry.js";
import { readable } from "./lettering.js";

/** @import {Canvas} from "./paint.js" */
/** @import {Placement} from "./geometry.js" */
/** @import {Triple} from "../types.js" */

const FONT = "600 12px system-ui, sans-serif";
const TICK = 4;
/** From a line's middle to its words, in CSS pixels. */
const BESIDE = 14;

/**
 * How far apart two voxels lie: |A (to - from)| with the affine's linear part, so also on an oblique grid.
 *
 * @param {number[][] | null} affine
 * @param {Triple} from  voxel, not rounded
 * @param {Triple} to
 * @returns {number} mm; voxels without geometry
 */
export function lengthOf(affine, from, to) {
  const step = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
  if (!affine) return Math.hypot(...step);
  return Math.hypot(...[0, 1, 2].map((row) => affine[row][0] * step[0] + affine[row][1] * step[1] + affine[row][2] * step[2]));
}

/** @param {number} length @param {boolean} hasGeometry */
export function lengthInWords(length, hasGeometry) {
  return `${length.toFixed(1)} ${hasGeometry ? "mm" : "voxels"}`;
}

/**
 * A line with a short stroke at either end and words beside its middle, legible on black and on white.
 *
 * @param {Canvas} canvas
 * @param {Placement} placement
 * @param {object} line
 * @param {Triple} line.from
 * @param {Triple} line.to
 * @param {string} line.words
 * @param {string} line.colour
 * @param {boolean} [line.chosen]
 * @param {boolean} [line.beyond]  the words stand beyond the right end: beside the middle another line may cross
 */
export function paintLength({ context, width, height }, placement, { from, to, words, colour, chosen = false, beyond = false }) {
  const [x0, y0] = toScreen(placement, from);
  const [x1, y1] = toScreen(placement, to);
  const long = Math.hypot(x1 - x0, y1 - y0);
  const [alongX, alongY] = long ? [(x1 - x0) / long, (y1 - y0) / long] : [1, 0];
  context.save();
  context.lineCap = "round";
  for (const [stroke, thick] of /** @type {[string, number][]} */ ([["rgba(0, 0, 0, 0.75)", 4], [colour, chosen ? 2.5 : 1.5]])) {
    context.strokeStyle = stroke;
    context.lineWidth = thick;
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    for (const [x, y] of [[x0, y0], [x1, y1]]) {
      context.moveTo(x - alongY * TICK, y + alongX * TICK);
      context.lineTo(x + alongY * TICK, y - alongX * TICK);
    }
    context.stroke();
  }
  context.font = FONT;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const half = context.measureText(words).width / 2 + 3;
  // on the side that points up, so that two lines that cross keep their words apart
  const side = alongX >= 0 ? 1 : -1;
  const across = BESIDE + Math.abs(alongY) * half * 0.8;
  const end = side > 0 ? [x1, y1] : [x0, y0];
  const x = beyond ? end[0] + alongX * side * (half + 6) : (x0 + x1) / 2 + alongY * side * across;
  const y = beyond ? end[1] + alongY * side * BESIDE : (y0 + y1) / 2 - alongX * side * across;
  const within = (/** @type {number} */ at, /** @type {number} */ room, /** @type {number} */ most) =>
    Math.max(room, Math.min(most - room, at));
  readable(context, words, within(x, half, width), within(y, 9, height), colour);
  context.restore();
}

/**
 * @param {Placement} placement
 * @param {Triple} from
 * @param {Triple} to
 * @param {number} x  CSS pixels
 * @param {number} y
 * @returns {number} CSS pixels from the line
 */
export function distanceTo(placement, from, to, x, y) {
  const [x0, y0] = toScreen(placement, from);
  const [x1, y1] = toScreen(placement, to);
  const squared = (x1 - x0) ** 2 + (y1 - y0) ** 2;
  const along = squared ? Math.min(1, Math.max(0, ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / squared)) : 0;
  return Math.hypot(x - x0 - along * (x1 - x0), y - y0 - along * (y1 - y0));
}
