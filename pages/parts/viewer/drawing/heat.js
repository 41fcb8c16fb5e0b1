/** How unsure one model is, and how far several models disagree: a byte per voxel, and counts per slice. Pure. */

import { byteSlice } from "./masks.js";

/** @import {Mask, MaskSlice} from "./masks.js" */
/** @import {AnyVolume} from "../data/library.js" */

/** From here on a voxel counts as uncertain: between about 0.32 and 0.68 of probability. */
export const UNCERTAIN_BITS = 0.9;

/**
 * Binary entropy of a probability of q/255, in bits: -p log2 p - (1 - p) log2 (1 - p), 0 at both ends.
 *
 * Reference:
 *   C. E. Shannon, A mathematical theory of communication, Bell System Technical Journal 27, 1948.
 *
 * @param {number} q  0 to 255
 * @returns {number} 0 to 1
 */
export function entropyBits(q) {
  const p = q / 255;
  return p > 0 && p < 1 ? -p * Math.log2(p) - (1 - p) * Math.log2(1 - p) : 0;
}

/** Entropy of each q in 255ths of a bit. */
const ENTROPY = Uint8Array.from({ length: 256 }, (_, q) => Math.floor(255 * entropyBits(q) + 0.5));

/**
 * @param {MaskSlice | null} probabilities  q per voxel
 * @returns {MaskSlice | null} entropy per voxel in 255ths of a bit
 */
export function entropySlice(probabilities) {
  return probabilities && { ...probabilities, bytes: probabilities.bytes.map((q) => ENTROPY[q]) };
}

/**
 * How many masks hold a region, where they do not agree: from 1 to one less than there are masks, else 0.
 *
 * @param {(MaskSlice | null)[]} masks  of one slice
 * @param {number} region
 * @returns {MaskSlice | null} null where every mask is empty
 */
export function disagreementSlice(masks, region) {
  const stored = masks.filter((slice) => slice !== null);
  if (!stored.length) return null;
  const uStart = Math.min(...stored.map((slice) => slice.uStart));
  const vStart = Math.min(...stored.map((slice) => slice.vStart));
  const width = Math.max(...stored.map((slice) => slice.uStart + slice.width)) - uStart;
  const height = Math.max(...stored.map((slice) => slice.vStart + slice.height)) - vStart;
  const bytes = new Uint8Array(width * height);
  for (const slice of stored) {
    for (let row = 0; row < slice.height; row++) {
      let out = (slice.vStart - vStart + row) * width + slice.uStart - uStart;
      const start = row * slice.width;
      for (let i = start; i < start + slice.width; i++, out++) bytes[out] += (slice.bytes[i] >> region) & 1;
    }
  }
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === masks.length) bytes[i] = 0;
  return { bytes, width, height, uStart, vStart };
}

/**
 * Voxels per slice whose entropy reaches an amount, along each axis.
 *
 * @param {AnyVolume} probabilities  of one region, whole
 * @param {number} [bits]  0 to 1
 * @returns {Uint32Array[]} [axis][slice of the full grid]
 */
export function uncertaintyPerSlice(probabilities, bits = UNCERTAIN_BITS) {
  const counted = Uint8Array.from({ length: 256 }, (_, q) => Number(entropyBits(q) >= bits));
  const slice = (/** @type {number} */ z) => byteSlice(probabilities, "axial", z);
  return countsOf(probabilities.manifest.full_shape, slice, counted);
}

/**
 * Voxels per slice that some masks hold and others do not, along each axis.
 *
 * @param {Mask[]} masks  whole
 * @param {number} region
 * @returns {Uint32Array[]} [axis][slice of the full grid]
 */
export function disagreementPerSlice(masks, region) {
  const counted = new Uint8Array(256).fill(1, 1);
  const slice = (/** @type {number} */ z) => disagreementSlice(masks.map((mask) => mask.slice("axial", z)), region);
  return countsOf(masks[0]?.manifest.full_shape ?? [0, 0, 0], slice, counted);
}

/**
 * @param {readonly number[]} shape  of the full grid
 * @param {(z: number) => MaskSlice | null} sliceAt
 * @param {Uint8Array} counted  1 for each byte that counts
 * @returns {Uint32Array[]}
 */
function countsOf(shape, sliceAt, counted) {
  const counts = shape.map((length) => new Uint32Array(length));
  for (let z = 0; z < shape[2]; z++) {
    const slice = sliceAt(z);
    if (!slice) continue;
    const { bytes, width, uStart, vStart } = slice;
    for (let i = 0; i < bytes.length; i++) {
      if (!counted[bytes[i]]) continue;
      counts[0][uStart + (i % width)] += 1;
      counts[1][vStart + Math.floor(i / width)] += 1;
      counts[2][z] += 1;
    }
  }
  return counts;
}
