/** A mask at other thresholds than its own: made from probabilities, slice by slice, as far as it is looked at. */

import { AXIS } from "./geometry.js";
import { byteSlice } from "./masks.js";

/** @import {Manifest, Plane} from "../types.js" */
/** @import {Mask, MaskSlice} from "./masks.js" */
/** @import {AnyVolume} from "../data/library.js" */

/** Slices kept of one mask; what three planes show, and some to scroll back to. */
const KEEP_SLICES = 48;

/** A hand that tried nothing else for so long rests. */
const REST_MS = 150;

/** The last mask of each model: most frames ask for the one that the frame before had. */
export class Thresholded {
  /** @param {() => void} rested  the hand does not move the thresholds any more */
  constructor(rested) {
    /** @type {Map<string, Mask>} */
    this.masks = new Map();
    this.rested = rested;
    /** @type {ReturnType<typeof setTimeout> | null} while a hand moves the thresholds: what counts every voxel can wait */
    this.moving = null;
  }

  stop() {
    if (this.moving) clearTimeout(this.moving);
    this.moving = null;
  }

  /**
   * @param {string} name  of the model
   * @param {AnyVolume[]} volumes  whole, one per region
   * @param {number[]} thresholds
   * @returns {Mask}
   */
  of(name, volumes, thresholds) {
    const known = this.masks.get(name);
    if (known?.key === keyOf(volumes, thresholds)) return known;
    const made = thresholdedMask(volumes, thresholds);
    this.masks.set(name, made);
    this.stop();
    this.moving = setTimeout(() => {
      this.moving = null;
      this.rested();
    }, REST_MS);
    return made;
  }
}

/**
 * Bit r of a voxel is set where the probability of region r, in 255ths, reaches thresholds[r]: as scores are made.
 *
 * @param {AnyVolume[]} volumes  whole, one per region
 * @param {number[]} thresholds  1 to 255
 * @returns {Mask}
 */
export function thresholdedMask(volumes, thresholds) {
  const manifest = together(volumes.map((volume) => volume.manifest));
  /** @type {Map<string, MaskSlice | null>} the oldest first */
  const kept = new Map();
  const slice = (/** @type {Plane} */ plane, /** @type {number} */ index) => {
    const key = `${plane} ${index}`;
    let found = kept.get(key);
    if (found === undefined) {
      found = sliceOf(volumes, thresholds, manifest, plane, index);
      kept.set(key, found);
      if (kept.size > KEEP_SLICES) kept.delete(/** @type {string} */ (kept.keys().next().value));
    }
    return found;
  };
  return {
    key: keyOf(volumes, thresholds),
    whole: true,
    manifest,
    slice,
    bits: (voxel) =>
      volumes.reduce((bits, volume, r) => bits | (Number(volume.stored(voxel) >= thresholds[r]) << r), 0),
  };
}

/** @param {AnyVolume[]} volumes @param {number[]} thresholds */
function keyOf(volumes, thresholds) {
  return volumes.map((volume, r) => `${volume.hash} ${volume.version} ${thresholds[r]}`).join(" ");
}

/**
 * @param {Manifest[]} manifests  of one grid
 * @returns {Manifest} of the smallest box that holds all of theirs
 */
function together(manifests) {
  const filled = manifests.filter((each) => each.shape[0] > 0);
  const axes = /** @type {const} */ ([0, 1, 2]);
  const start = axes.map((axis) => (filled.length ? Math.min(...filled.map((each) => each.box_offset[axis])) : 0));
  const length = axes.map((axis) =>
    Math.max(0, ...filled.map((each) => each.box_offset[axis] + each.shape[axis] - start[axis])),
  );
  return {
    ...manifests[0],
    shape: [length[0], length[1], length[2]],
    box_offset: [start[0], start[1], start[2]],
    peaks: null,
  };
}

/**
 * @param {AnyVolume[]} volumes
 * @param {number[]} thresholds
 * @param {Manifest} manifest  of the box around all of them
 * @param {Plane} plane
 * @param {number} index  of the full grid
 * @returns {MaskSlice | null}
 */
function sliceOf(volumes, thresholds, { shape, box_offset: offset }, plane, index) {
  const axis = AXIS[plane];
  if (index < offset[axis] || index >= offset[axis] + shape[axis]) return null;
  const u = axis === 0 ? 1 : 0;
  const v = axis === 2 ? 1 : 2;
  const [width, height, uStart, vStart] = [shape[u], shape[v], offset[u], offset[v]];
  const bytes = new Uint8Array(width * height);
  volumes.forEach((volume, r) => {
    const stored = byteSlice(volume, plane, index);
    if (!stored) return;
    const [threshold, flag] = [thresholds[r], 1 << r];
    for (let row = 0; row < stored.height; row++) {
      let out = (stored.vStart - vStart + row) * width + stored.uStart - uStart;
      const start = row * stored.width;
      for (let i = start; i < start + stored.width; i++, out++) if (stored.bytes[i] >= threshold) bytes[out] |= flag;
    }
  });
  return { bytes, width, height, uStart, vStart };
}
