/** What an image's values are inside a mask. Pure. */

import { AXIS } from "../drawing/geometry.js";

/** @import {AnyVolume} from "../data/library.js" */
/** @import {Mask} from "../drawing/masks.js" */
/** @import {Plane, Triple} from "../types.js" */

/**
 * @typedef {object} Statistics
 * @property {number} voxels
 * @property {number} mean  of the values, slope and intercept applied; NaN without voxels
 * @property {number} sd  of the population, divided by n; NaN without voxels
 */

/**
 * In two passes and in double precision, so that a large offset takes nothing from the spread.
 *
 * @param {AnyVolume} image
 * @param {Mask} mask
 * @param {number} region  bit of the mask
 * @param {Plane} plane
 * @param {number | null} index  of one slice; null is the whole volume
 * @returns {Statistics}
 */
export function statisticsIn(image, mask, region, plane, index) {
  const depth = mask.manifest.full_shape[AXIS[plane]];
  const [first, last] = index === null ? [0, depth - 1] : [index, index];
  const { slope, intercept } = image.manifest;
  let voxels = 0;
  let sum = 0;
  const add = (/** @type {Triple} */ voxel) => {
    voxels += 1;
    sum += image.stored(voxel);
  };
  for (let at = first; at <= last; at++) eachVoxel(mask, region, plane, at, add);
  if (!voxels) return { voxels, mean: NaN, sd: NaN };
  const mean = sum / voxels;
  let squares = 0;
  const spread = (/** @type {Triple} */ voxel) => {
    squares += (image.stored(voxel) - mean) ** 2;
  };
  for (let at = first; at <= last; at++) eachVoxel(mask, region, plane, at, spread);
  return { voxels, mean: mean * slope + intercept, sd: Math.abs(slope) * Math.sqrt(squares / voxels) };
}

/**
 * @param {Mask} mask
 * @param {number} region
 * @param {Plane} plane
 * @param {number} index
 * @param {(voxel: Triple) => void} visit  is given the same array again and again
 */
function eachVoxel(mask, region, plane, index, visit) {
  const slice = mask.slice(plane, index);
  if (!slice) return;
  const axis = AXIS[plane];
  const u = axis === 0 ? 1 : 0;
  const v = axis === 2 ? 1 : 2;
  /** @type {Triple} */
  const voxel = [0, 0, 0];
  voxel[axis] = index;
  const flag = 1 << region;
  const { bytes, width, uStart, vStart } = slice;
  for (let i = 0; i < bytes.length; i++) {
    if (!(bytes[i] & flag)) continue;
    voxel[u] = uStart + (i % width);
    voxel[v] = vStart + Math.floor(i / width);
    visit(voxel);
  }
}
