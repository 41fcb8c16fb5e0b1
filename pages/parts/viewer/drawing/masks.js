/** Slices of region masks: their bytes, their errors against another mask, their outlines, kept while they are in use. */

import { AXIS } from "./geometry.js";
import { toPath, trace } from "./contour.js";

/** @import {Manifest, Plane, Triple} from "../types.js" */
/** @import {AnyVolume} from "../data/library.js" */

/** Bits of an error slice. */
export const EXTRA = 0;
export const MISSED = 1;
export const RIGHT = 2;

/** Outlines kept; one scroll through a case with five masks needs about this many. */
const KEEP_PATHS = 4000;

/**
 * @typedef {object} MaskSlice
 * @property {Uint8Array} bytes  row by row, one bit per region
 * @property {number} width
 * @property {number} height
 * @property {number} uStart  voxel of the first column
 * @property {number} vStart
 */

/** @typedef {{path: Path2D, uStart: number, vStart: number}} Outline  in voxel edges from (uStart, vStart) */

/**
 * A mask as panels, strip and tools read it, whatever its bytes come from.
 *
 * @typedef {object} Mask
 * @property {string} key  another one whenever a voxel of it is another one
 * @property {boolean} whole  every slice is here
 * @property {Manifest} manifest  of the grid
 * @property {(plane: Plane, index: number) => MaskSlice | null} slice  of the full grid; null where nothing is stored
 * @property {(voxel: Triple) => number} bits  regions of one voxel
 */

/**
 * @param {AnyVolume} volume  of region bits
 * @returns {Mask}
 */
export function storedMask(volume) {
  return {
    key: `${volume.hash} ${volume.version}`,
    whole: volume.whole,
    manifest: volume.manifest,
    slice: (plane, index) => byteSlice(volume, plane, index),
    bits: (voxel) => volume.stored(voxel),
  };
}

/**
 * @param {AnyVolume} volume  of bytes
 * @param {Plane} plane
 * @param {number} index  of the full grid
 * @returns {MaskSlice | null} the stored bytes of one slice; null where the stored box has nothing on it
 */
export function byteSlice(volume, plane, index) {
  const { shape, box_offset: offset } = volume.manifest;
  const axis = AXIS[plane];
  const inBox = index - offset[axis];
  if (inBox < 0 || inBox >= shape[axis]) return null;
  const u = axis === 0 ? 1 : 0;
  const v = axis === 2 ? 1 : 2;
  const cut = volume.slice(axis, inBox);
  const values = /** @type {Uint8Array} */ (cut.values);
  const [width, height] = [shape[u], shape[v]];
  // axial slices of full resolution lie as they are in the volume; the others are gone with the next cut
  const bytes = cut.step === 2 ? doubled(values, cut.width, width, height) : axis === 2 ? values : values.slice();
  return { bytes, width, height, uStart: offset[u], vStart: offset[v] };
}

/**
 * @param {Uint8Array} values  of half the resolution
 * @param {number} stride  values in a row
 * @param {number} width
 * @param {number} height
 */
function doubled(values, stride, width, height) {
  const bytes = new Uint8Array(width * height);
  for (let y = 0, out = 0; y < height; y++) {
    for (let x = 0; x < width; x++) bytes[out++] = values[(y >> 1) * stride + (x >> 1)];
  }
  return bytes;
}

/**
 * @param {MaskSlice | null} mask
 * @param {MaskSlice | null} reference
 * @param {number} region  bit that is compared
 * @returns {MaskSlice | null} bits `EXTRA`, `MISSED` and `RIGHT`; null where both are empty
 */
export function errorSlice(mask, reference, region) {
  const both = [mask, reference].filter((slice) => slice !== null);
  if (!both.length) return null;
  const uStart = Math.min(...both.map((slice) => slice.uStart));
  const vStart = Math.min(...both.map((slice) => slice.vStart));
  const width = Math.max(...both.map((slice) => slice.uStart + slice.width)) - uStart;
  const height = Math.max(...both.map((slice) => slice.vStart + slice.height)) - vStart;
  const bytes = new Uint8Array(width * height);
  const add = (/** @type {MaskSlice | null} */ slice, /** @type {number} */ flag) => {
    if (!slice) return;
    for (let row = 0; row < slice.height; row++) {
      let out = (slice.vStart - vStart + row) * width + slice.uStart - uStart;
      const start = row * slice.width;
      for (let i = start; i < start + slice.width; i++, out++) bytes[out] |= ((slice.bytes[i] >> region) & 1) * flag;
    }
  };
  add(mask, 1);
  add(reference, 2);
  // 1 only the mask, 2 only the reference, 3 both: exactly the bits 0, 1 and 2
  for (let i = 0; i < bytes.length; i++) bytes[i] = bytes[i] && 1 << (bytes[i] - 1);
  return { bytes, width, height, uStart, vStart };
}

export class Outlines {
  constructor() {
    /** @type {Map<string, Outline | null>} the oldest first */
    this.kept = new Map();
  }

  /**
   * @param {string} key  names the slice for good
   * @param {number} bit
   * @param {boolean} exact
   * @param {() => MaskSlice | null} slice  asked for only when the outline is not known yet
   * @returns {Outline | null} null where the mask is empty on this slice
   */
  of(key, bit, exact, slice) {
    const full = `${key} ${bit} ${exact}`;
    let outline = this.kept.get(full);
    if (outline === undefined) {
      outline = outlineOf(slice(), bit, exact);
    } else {
      this.kept.delete(full);
    }
    this.kept.set(full, outline);
    if (this.kept.size > KEEP_PATHS) this.kept.delete(/** @type {string} */ (this.kept.keys().next().value));
    return outline;
  }
}

/**
 * @param {MaskSlice | null} slice
 * @param {number} bit
 * @param {boolean} exact
 * @returns {Outline | null}
 */
function outlineOf(slice, bit, exact) {
  if (!slice) return null;
  const loops = trace(slice.bytes, slice.width, slice.height, bit);
  return loops.length ? { path: toPath(loops, exact), uStart: slice.uStart, vStart: slice.vStart } : null;
}

/**
 * Voxels per slice of each region, along each axis.
 *
 * @param {Mask} mask
 * @param {number} regions
 * @returns {Uint32Array[][]} [axis][region][slice of the full grid]
 */
export function areasOf(mask, regions) {
  const full = mask.manifest.full_shape;
  const counts = full.map((length) => Array.from({ length: regions }, () => new Uint32Array(length)));
  for (let z = 0; z < full[2]; z++) {
    const slice = mask.slice("axial", z);
    if (!slice) continue;
    const { bytes, width, uStart, vStart } = slice;
    for (let i = 0; i < bytes.length; i++) {
      const bits = bytes[i];
      if (!bits) continue;
      const x = uStart + (i % width);
      const y = vStart + Math.floor(i / width);
      for (let region = 0; region < regions; region++) {
        if (!((bits >> region) & 1)) continue;
        counts[0][region][x] += 1;
        counts[1][region][y] += 1;
        counts[2][region][z] += 1;
      }
    }
  }
  return counts;
}

/**
 * Voxels per slice where a mask differs from a reference in one region, along each axis.
 *
 * @param {Mask} mask
 * @param {Mask} reference
 * @param {number} region
 * @returns {Uint32Array[]} [axis][slice]
 */
export function errorsOf(mask, reference, region) {
  const counts = mask.manifest.full_shape.map((length) => new Uint32Array(length));
  const depth = mask.manifest.full_shape[2];
  for (let z = 0; z < depth; z++) {
    const slice = errorSlice(mask.slice("axial", z), reference.slice("axial", z), region);
    if (!slice) continue;
    for (let i = 0; i < slice.bytes.length; i++) {
      if (!(slice.bytes[i] & 3)) continue;
      counts[0][slice.uStart + (i % slice.width)] += 1;
      counts[1][slice.vStart + Math.floor(i / slice.width)] += 1;
      counts[2][z] += 1;
    }
  }
  return counts;
}

/**
 * @param {Mask} mask
 * @param {Triple} voxel
 * @param {number} region
 */
export function holds(mask, voxel, region) {
  return ((mask.bits(voxel) >> region) & 1) === 1;
}
