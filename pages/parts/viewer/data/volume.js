/** One volume in the browser: the stored box as one typed array, filled slab by slab. */

/** @import {Manifest, Triple} from "../types.js" */

/** @typedef {Uint8Array | Int8Array | Uint16Array | Int16Array} Voxels */

const ARRAYS = { uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array };

export class Volume {
  /**
   * @param {string} hash
   * @param {Manifest} manifest
   */
  constructor(hash, manifest) {
    const make = ARRAYS[manifest.dtype];
    if (manifest.version !== 1 || !make) {
      throw new Error(`This page reads protocol 1, the server sends ${manifest.version} (${manifest.dtype}). Reload it.`);
    }
    const [x, y, z] = manifest.shape;
    this.hash = hash;
    this.manifest = manifest;
    /** @type {Voxels} z slowest, x fastest */
    this.voxels = new make(x * y * z).fill(manifest.fill);
    this.arrived = manifest.slabs.map(() => false);
    this.missing = manifest.slabs.length;
    /** Grows with every slab, so that what was drawn from this volume knows when it is old. */
    this.version = 0;
  }

  get whole() {
    return this.missing === 0;
  }

  get loaded() {
    const all = this.arrived.length;
    return all ? (all - this.missing) / all : 1;
  }

  get bytes() {
    return this.voxels.byteLength;
  }

  /**
   * @param {number} index
   * @param {ArrayBuffer} buffer
   */
  accept(index, buffer) {
    const [x, y] = this.manifest.shape;
    const { first, count } = this.manifest.slabs[index];
    const expected = x * y * count * this.voxels.BYTES_PER_ELEMENT;
    if (buffer.byteLength !== expected) {
      throw new Error(`A slab came with ${buffer.byteLength} bytes, expected ${expected}. Reload the page.`);
    }
    const make = ARRAYS[this.manifest.dtype];
    this.voxels.set(new make(buffer), x * y * first);
    if (!this.arrived[index]) this.missing -= 1;
    this.arrived[index] = true;
    this.version += 1;
  }

  /**
   * @param {Triple} voxel  of the full grid
   * @returns {number} the stored value
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
