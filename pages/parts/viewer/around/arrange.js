/** How many columns, and how large a panel. Pure. */

import { layoutOf, roomIn } from "../drawing/geometry.js";

/** @import {Plane, Triple} from "../types.js" */

/** Between panels, in CSS pixels; the stylesheet has the same. */
export const GAP = 4;
/** A panel is at most so much higher than wide: a head is. */
const TALLEST = 1.2;
const LEAST_HEIGHT = 120;
/** What an empty place counts against a larger head. */
const EMPTY = 0.5;

/** Until the volumes say how large the head is. @type {[number, number]} */
const SQUARE = [1, 1];

/**
 * @param {[number, number][]} extents  of what each panel shows, width and height in mm
 * @param {number} width  of all panels, in CSS pixels
 * @param {number} height  that is there
 * @param {number | null} columns  null chooses the number that shows the largest heads
 * @returns {{columns: number, width: number, height: number}} of one panel
 */
export function arrange(extents, width, height, columns) {
  const count = extents.length;
  const choices = columns ? [Math.min(columns, count)] : Array.from({ length: count }, (_, index) => index + 1);
  let best = { columns: 1, width, height };
  let bestSize = -1;
  for (const each of choices) {
    const rows = Math.ceil(count / each);
    const wide = (width - GAP * (each - 1)) / each;
    const high = Math.max(LEAST_HEIGHT, Math.min((height - GAP * (rows - 1)) / rows, wide * TALLEST));
    const room = roomIn(wide, high);
    const scales = extents.map(([across, down]) => Math.min(room.wide / across, room.high / down));
    // what does not fit the height makes the page longer; an empty place looks unfinished
    const fits = Math.min(1, height / (rows * high + GAP * (rows - 1)));
    const size = scales.reduce((sum, scale) => sum + scale, 0) * fits * (1 - EMPTY * (1 - count / (rows * each)));
    if (size < bestSize) continue;
    bestSize = size;
    best = { columns: each, width: Math.floor(wide), height: Math.floor(high) };
  }
  return best;
}

/**
 * @param {Plane[]} planes  of the panels
 * @param {{spacing: Triple, box: {start: Triple, stop: Triple}} | null} ground
 * @returns {[number, number][]} mm
 */
export function extentsOf(planes, ground) {
  if (!ground) return planes.map(() => SQUARE);
  const { spacing, box } = ground;
  const length = (/** @type {0 | 1 | 2} */ axis) => Math.max(1, box.stop[axis] - box.start[axis]) * spacing[axis];
  return planes.map((plane) => {
    const { u, v } = layoutOf(plane, true, true);
    return [length(u), length(v)];
  });
}

/**
 * What is left of the window for the panels.
 *
 * @param {number} above  CSS pixels from the window's top to the panels
 * @param {number} below  what has to follow them
 * @param {number} windowHeight
 */
export function roomFor(above, below, windowHeight) {
  // far down a page the panels get a screen of their own
  const top = above > windowHeight / 2 ? 0 : Math.max(0, above);
  return Math.max(260, windowHeight - top - below);
}
