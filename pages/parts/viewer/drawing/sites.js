/** Where one goes to look at each patch of a mask. Pure. */

import { AXIS } from "./geometry.js";

/** @import {Block, Patches} from "./components.js" */
/** @import {Plane, Triple} from "../types.js" */

/**
 * @typedef {object} Site
 * @property {number} voxels  of the patch
 * @property {Triple} voxel  of the patch, on the slice where it is largest, nearest to the middle of what is seen of it
 */

/**
 * @param {Block} block
 * @param {Patches} patches
 * @param {Plane} plane
 * @param {Triple} spacing  edge lengths of a voxel
 * @param {number} least  voxels; smaller patches are left out
 * @returns {Site[]} in the order in which the patches begin
 */
export function sitesOf(block, patches, plane, spacing, least) {
  const axis = AXIS[plane];
  const counts = new Uint32Array(block.shape[axis]);
  /** @type {Site[]} */
  const sites = [];
  for (const [patch, runs] of runsByPatch(patches, least).entries()) {
    if (!runs.length) continue;
    const slice = largestSlice(block, patches, runs, axis, counts);
    const voxel = middleVoxel(block, patches, runs, axis, slice, spacing);
    sites.push({ voxels: patches.sizes[patch], voxel });
  }
  return sites;
}

/**
 * @param {Patches} patches
 * @param {number} least
 * @returns {Int32Array[]} empty for what is too small
 */
function runsByPatch({ count, sizes, patch }, least) {
  const starts = new Int32Array(count + 1);
  for (let run = 0; run < patch.length; run++) starts[patch[run] + 1] += 1;
  for (let i = 0; i < count; i++) starts[i + 1] += starts[i];
  const next = starts.slice();
  const sorted = new Int32Array(patch.length);
  for (let run = 0; run < patch.length; run++) sorted[next[patch[run]]++] = run;
  return Array.from(sizes, (size, each) => sorted.subarray(starts[each], size < least ? starts[each] : starts[each + 1]));
}

/**
 * Of slices that are alike the one nearest to the patch's middle, so that a cylinder is met halfway.
 *
 * @param {Block} block
 * @param {Patches} patches
 * @param {Int32Array} runs  of one patch
 * @param {0 | 1 | 2} axis
 * @param {Uint32Array} counts  room for one number per slice, all 0, and all 0 again afterwards
 * @returns {number} slice of the block
 */
function largestSlice({ shape }, { start, stop, row }, runs, axis, counts) {
  let total = 0;
  let weighted = 0;
  let low = counts.length;
  let high = -1;
  const add = (/** @type {number} */ at, /** @type {number} */ voxels) => {
    counts[at] += voxels;
    total += voxels;
    weighted += at * voxels;
    if (at < low) low = at;
    if (at > high) high = at;
  };
  for (const run of runs) {
    if (axis === 0) for (let x = start[run]; x < stop[run]; x++) add(x, 1);
    else add(axis === 1 ? row[run] % shape[1] : Math.floor(row[run] / shape[1]), stop[run] - start[run]);
  }
  const middle = weighted / total;
  let best = low;
  for (let at = low; at <= high; at++) {
    const [more, nearer] = [counts[at] - counts[best], Math.abs(best - middle) - Math.abs(at - middle)];
    if (more > 0 || (more === 0 && nearer > 0)) best = at;
  }
  counts.fill(0, low, high + 1);
  return best;
}

/**
 * @param {Block} block
 * @param {Patches} patches
 * @param {Int32Array} runs
 * @param {0 | 1 | 2} axis
 * @param {number} slice
 * @param {Triple} spacing
 * @returns {Triple} of the full grid
 */
function middleVoxel({ shape, offset }, { start, stop, row }, runs, axis, slice, spacing) {
  /** @type {[number, number, number, number][]} x from, x to, y, z */
  const seen = [];
  for (const run of runs) {
    const [y, z] = [row[run] % shape[1], Math.floor(row[run] / shape[1])];
    if (axis === 0 && start[run] <= slice && slice < stop[run]) seen.push([slice, slice, y, z]);
    else if ((axis === 1 && y === slice) || (axis === 2 && z === slice)) seen.push([start[run], stop[run] - 1, y, z]);
  }
  let [n, mx, my, mz] = [0, 0, 0, 0];
  for (const [from, to, y, z] of seen) {
    const length = to - from + 1;
    n += length;
    mx += (length * (from + to)) / 2;
    my += length * y;
    mz += length * z;
  }
  [mx, my, mz] = [mx / n, my / n, mz / n];
  /** @type {Triple} */
  let best = [0, 0, 0];
  let bestDistance = Infinity;
  for (const [from, to, y, z] of seen) {
    const x = Math.min(to, Math.max(from, Math.round(mx)));
    const distance = Math.hypot((x - mx) * spacing[0], (y - my) * spacing[1], (z - mz) * spacing[2]);
    if (distance >= bestDistance) continue;
    bestDistance = distance;
    best = [x + offset[0], y + offset[1], z + offset[2]];
  }
  return best;
}
