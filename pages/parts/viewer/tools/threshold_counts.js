/** What every threshold gives: volume and Dice of one region, from counts that are made once. */

import { byteSlice } from "../drawing/masks.js";

/** @import {AnyVolume} from "../data/library.js" */
/** @import {Mask} from "../drawing/masks.js" */

/** Milliseconds of counting in one go: a frame has 16, and wants to be drawn too. */
const TURN_MS = 6;

/**
 * @typedef {object} Counts
 * @property {Uint32Array} predicted  voxels whose q reaches t, for t from 0 to 256
 * @property {Uint32Array} shared  those of them that lie inside the reference
 * @property {number | null} reference  its voxels; null where there is no reference
 */

/**
 * Dice at a threshold, 2 TP / (P + R): whole numbers until the one division, as in `core/metrics/dice.py`, so both
 * give the same number. A region whose reference is empty has none, as in `core/metrics/empty_masks.py`.
 *
 * Reference:
 *   L. R. Dice, Measures of the amount of ecologic association between species, Ecology 26, 1945.
 *
 * @param {Counts} counts
 * @param {number} threshold  1 to 255
 * @returns {{value: number | null, reason: string}}
 */
export function diceAt({ predicted, shared, reference }, threshold) {
  if (reference === null) return { value: null, reason: "there is no reference" };
  const found = predicted[threshold];
  if (reference) return { value: (2 * shared[threshold]) / (found + reference), reason: "" };
  return { value: null, reason: found ? "the reference is empty" : "reference and prediction are empty" };
}

/**
 * Count one slice after another, so that whoever calls can stop in between.
 *
 * @param {AnyVolume} volume  q of one region, whole
 * @param {Mask | null} reference  whole
 * @param {number} region  its bit in the reference
 * @returns {Generator<void, Counts>}
 */
export function* counting(volume, reference, region) {
  const all = new Uint32Array(257);
  const inside = new Uint32Array(257);
  let size = 0;
  for (let z = 0; z < volume.manifest.full_shape[2]; z++) {
    const slice = byteSlice(volume, "axial", z);
    if (slice) for (const q of slice.bytes) all[q] += 1;
    const truth = reference?.slice("axial", z) ?? null;
    if (truth) {
      for (let i = 0; i < truth.bytes.length; i++) {
        if (!((truth.bytes[i] >> region) & 1)) continue;
        size += 1;
        if (!slice) continue;
        const u = truth.uStart + (i % truth.width) - slice.uStart;
        const v = truth.vStart + Math.floor(i / truth.width) - slice.vStart;
        // outside its box a probability is 0
        if (u >= 0 && v >= 0 && u < slice.width && v < slice.height) inside[slice.bytes[v * slice.width + u]] += 1;
      }
    }
    yield;
  }
  for (const counts of [all, inside]) for (let q = 254; q >= 0; q--) counts[q] += counts[q + 1];
  return { predicted: all, shared: inside, reference: reference && size };
}

/** Counts of every model and region, made in turns between frames. */
export class Histograms {
  /** @param {() => void} counted  another one is there */
  constructor(counted) {
    this.counted = counted;
    /** @type {Map<string, Counts>} */
    this.made = new Map();
    /** @type {Map<string, Generator<void, Counts>>} the next one first */
    this.waiting = new Map();
    /** @type {ReturnType<typeof setTimeout> | null} */
    this.timer = null;
  }

  /**
   * @param {AnyVolume} volume  q of one region, whole
   * @param {Mask | null} reference  whole
   * @param {number} region
   * @returns {Counts | null} null while they are counted
   */
  of(volume, reference, region) {
    const key = `${volume.hash} ${reference?.key} ${region}`;
    const made = this.made.get(key);
    if (made) return made;
    if (!this.waiting.has(key)) this.waiting.set(key, counting(volume, reference, region));
    this.timer ??= setTimeout(() => this.#turn(), 0);
    return null;
  }

  /** Another case: its counts are other ones. */
  forget() {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.made.clear();
    this.waiting.clear();
  }

  #turn() {
    const until = performance.now() + TURN_MS;
    this.timer = null;
    for (const [key, work] of this.waiting) {
      let step = work.next();
      while (!step.done && performance.now() < until) step = work.next();
      if (!step.done) break;
      this.waiting.delete(key);
      this.made.set(key, step.value);
      this.counted();
      if (performance.now() >= until) break;
    }
    if (this.waiting.size) this.timer = setTimeout(() => this.#turn(), 0);
  }
}
