/** What the keys N and P go to, in which order, and what is said of it. Pure. */

import { AXIS } from "../drawing/geometry.js";

/** @import {Site} from "../drawing/sites.js" */
/** @import {Plane, Triple} from "../types.js" */

/**
 * @typedef {object} Stop  one that can be gone to
 * @property {number} slice
 * @property {Triple | null} voxel  null moves along the plane only
 * @property {number} size  voxels of it; on the slice alone where `voxel` is null
 * @property {string} kind  a word behind its size, such as missed
 */

/**
 * @param {Site[]} sites
 * @param {Plane} plane
 * @param {string} kind
 * @returns {Stop[]}
 */
export function stopsAt(sites, plane, kind) {
  return sites.map(({ voxel, voxels }) => ({ slice: voxel[AXIS[plane]], voxel, size: voxels, kind }));
}

/** A peak stands out by at least this share of the highest one: a jagged line has many that mean nothing. */
const PROMINENT = 0.1;

/**
 * Slices that stand out from those around them; of several neighbours with the same number the middle one.
 *
 * @param {ArrayLike<number>} counts  per slice
 * @returns {Stop[]}
 */
export function peaksOf(counts) {
  let highest = 0;
  for (let i = 0; i < counts.length; i++) highest = Math.max(highest, counts[i]);
  /** @type {Stop[]} */
  const stops = [];
  for (let first = 0; first < counts.length; ) {
    let last = first;
    while (last + 1 < counts.length && counts[last + 1] === counts[first]) last += 1;
    const size = counts[first];
    const above = size - Math.max(valley(counts, first, -1), valley(counts, last, 1));
    if (above > 0 && above >= PROMINENT * highest) {
      stops.push({ slice: Math.floor((first + last) / 2), voxel: null, size, kind: "" });
    }
    first = last + 1;
  }
  return stops;
}

/**
 * How far one has to come down on the way to something higher; all the way where nothing is. Topographic prominence is
 * the height above the higher of the two valleys.
 *
 * @param {ArrayLike<number>} counts
 * @param {number} from
 * @param {1 | -1} step
 */
function valley(counts, from, step) {
  let lowest = counts[from];
  for (let at = from + step; ; at += step) {
    if (at < 0 || at >= counts.length) return 0;
    if (counts[at] > counts[from]) return lowest;
    lowest = Math.min(lowest, counts[at]);
  }
}

/** @param {Stop[]} stops @returns {Stop[]} as one meets them, slice by slice */
export function bySlice(stops) {
  return [...stops].sort((a, b) => a.slice - b.slice || b.size - a.size);
}

/** @param {Stop[]} stops @returns {Stop[]} the largest first */
export function bySize(stops) {
  return [...stops].sort((a, b) => b.size - a.size || a.slice - b.slice);
}

/**
 * @param {Stop[]} stops  in their order
 * @param {Triple} cursor
 * @param {Plane} plane
 * @param {1 | -1} direction
 * @param {boolean} along  whether the order is that of the slices
 * @returns {number | null} index of the next one; null where there is none
 */
export function nextStop(stops, cursor, plane, direction, along) {
  const slice = cursor[AXIS[plane]];
  const isHere = (/** @type {Stop} */ stop) =>
    stop.voxel ? stop.voxel.every((at, axis) => at === cursor[axis]) : stop.slice === slice;
  const here = stops.findIndex(isHere);
  if (here >= 0) return stops[here + direction] ? here + direction : null;
  if (!along) return direction > 0 && stops.length ? 0 : null;
  const ahead = stops.flatMap((stop, index) => ((stop.slice - slice) * direction >= 0 ? [index] : []));
  return (direction > 0 ? ahead[0] : ahead[ahead.length - 1]) ?? null;
}

/** @param {number} value @param {string} unit */
export function amount(value, unit) {
  if (unit === "voxels") return `${Math.round(value)} ${value === 1 ? "voxel" : "voxels"}`;
  return `${value.toFixed(value >= 100 ? 0 : value >= 1 ? 1 : 2)} ${unit}`;
}
