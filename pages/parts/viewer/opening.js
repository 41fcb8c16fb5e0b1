/** Where a case opens: its grid, the box that the panels fit, and the voxel under the crosshair. Pure. */

import { AXIS, clampVoxel, spacingOf, unionBox } from "./drawing/geometry.js";

/** @import {Manifest, Plane, Triple} from "./types.js" */

/**
 * The grid that all volumes of a case share.
 *
 * @typedef {object} Ground
 * @property {Triple} shape
 * @property {number[][] | null} affine
 * @property {Triple} spacing  mm; 1 without geometry
 * @property {{start: Triple, stop: Triple}} box  what zoom 1 fits
 */

/**
 * @param {Manifest[]} images  at least one
 * @returns {Ground}
 */
export function groundOf(images) {
  const [{ full_shape: shape, affine }] = images;
  return { shape, affine, spacing: spacingOf(affine), box: unionBox(images, shape) };
}

/**
 * @param {Ground} ground
 * @param {Triple | null} peaks  where the reference has most
 * @param {Plane} plane
 * @param {number | null} slice  asked for by address or page
 * @returns {Triple}
 */
export function openingVoxel({ shape, box }, peaks, plane, slice) {
  const middle = (/** @type {0 | 1 | 2} */ axis) => Math.floor((box.start[axis] + box.stop[axis] - 1) / 2);
  /** @type {Triple} */
  const voxel = peaks ? [...peaks] : [middle(0), middle(1), middle(2)];
  if (slice !== null) voxel[AXIS[plane]] = slice;
  return clampVoxel(voxel, shape);
}

/**
 * @param {Manifest} manifest
 * @param {Ground} ground
 * @returns {string | null} why a volume cannot be laid over the others
 */
export function mismatch(manifest, ground) {
  const [found, expected] = [manifest.full_shape.join(" × "), ground.shape.join(" × ")];
  return found === expected ? null : `This volume has ${found} voxels, the others have ${expected}: it cannot be laid over them.`;
}
