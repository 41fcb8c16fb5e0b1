/** One volume in the browser: the stored box as one typed array, filled slab by slab. */

import { cut, makeArray, typedArray } from "./box.js";

/** @import {Cut, Voxels} from "./box.js" */
/** @import {Manifest, Triple} from "../types.js" */

/**
 * A piece of a volume that can be asked for.
 *
 * @typedef {object} Piece
 * @property {string} path  below the volume's address
 * @property {number} away  slices between it and the one that is looked at
 */

export class Volume {
  /**
   * @param {string} hash
   * @param {Manifest} manifest
   */
  constructor(hash, manifest) {
    this.hash = hash;
    this.manifest = manifest;
    /** @type {Voxels} z slowest, x fastest */
    this.voxels = makeArray(manifest.dtype, manifest.shape).fill(manifest.fill);
    this.arrived = manifest.slabs.map(() => false);
    this.left = manifest.slabs.length;
    /** Grows with every slab, so that what was drawn from this volume knows when it is old. */
    this.version = 0;
  }

  /** Every voxel is here. */
  get whole() {
    return this.left === 0;
  }

  get loaded() {
    const all = this.arrived.length;
    return all ? (all - this.left) / all : 1;
  }

  get bytes() {
    return this.voxels.byteLength;
  }

  /**
   * @param {number} slice  that is looked at, of the full grid
   * @returns {Piece[]} what has not arrived
   */
  missing(slice) {
    const { slabs, box_offset: offset } = this.manifest;
    /** @type {Piece[]} */
    const pieces = [];
    slabs.forEach(({ first, count }, index) => {
      const top = first + offset[2];
      const away = Math.max(0, top - slice, slice - (top + count - 1));
      if (!this.arrived[index]) pieces.push({ path: `slab/${index}`, away });
    });
    return pieces;
  }

  /**
   * @param {string} path  of a piece
   * @param {ArrayBuffer} buffer
   */
  accept(path, buffer) {
    const index = Number(path.slice("slab/".length));
    const [x, y] = this.manifest.shape;
    const { first, count } = this.manifest.slabs[index];
    this.voxels.set(typedArray(this.manifest.dtype, buffer, x * y * count), x * y * first);
    if (!this.arrived[index]) this.left -= 1;
    this.arrived[index] = true;
    this.version += 1;
  }

  /**
   * @param {0 | 1 | 2} axis
   * @param {number} index  of the stored box
   * @returns {Cut} the stored numbers of one slice; they are another slice's after the next call
   */
  slice(axis, index) {
    return cut(this.voxels, this.manifest.shape, axis, index);
  }

  /**
   * @param {Triple} voxel  of the full grid
   * @returns {number} the stored number
   */
  stored([x, y, z]) {
    const { shape, box_offset: offset, fill } = this.manifest;
    const i = x - offset[0];
    const j = y - offset[1];
    const k = z - offset[2];
    if (i < 0 || j < 0 || k < 0 || i >= shape[0] || j >= shape[1] || k >= shape[2]) return fill;
    return this.voxels[(k * shape[1] + j) * shape[0] + i];
  }

  /**
   * @param {Triple} voxel
   * @returns {number} the value, slope and intercept applied
   */
  value(voxel) {
    return this.stored(voxel) * this.manifest.slope + this.manifest.intercept;
  }
}
