/**
 * A volume that is too large to lie in a browser as a whole: the slabs around the slice that is looked at, and a copy
 * of half the resolution for everything else. It is used like a `Volume`.
 */

import { cut, makeArray, typedArray } from "./box.js";

/** @import {Cut, Voxels} from "./box.js" */
/** @import {Piece} from "./volume.js" */
/** @import {Manifest, Triple} from "../types.js" */

export class LargeVolume {
  /**
   * @param {string} hash
   * @param {Manifest & {half: NonNullable<Manifest["half"]>}} manifest
   */
  constructor(hash, manifest) {
    this.hash = hash;
    this.manifest = manifest;
    /** @type {Voxels} */
    this.half = makeArray(manifest.dtype, manifest.half.shape).fill(manifest.fill);
    this.arrived = manifest.half.slabs.map(() => false);
    this.left = manifest.half.slabs.length;
    /** Full resolution, by slab. @type {Map<number, Voxels>} */
    this.near = new Map();
    this.most = manifest.half.near_bytes;
    this.focus = 0;
    this.version = 0;
  }

  /** Never: what counts every voxel has to do without this volume. */
  get whole() {
    return false;
  }

  /** Of the half copy; slabs come and go. */
  get loaded() {
    return (this.arrived.length - this.left) / this.arrived.length;
  }

  get bytes() {
    let sum = this.half.byteLength;
    for (const slab of this.near.values()) sum += slab.byteLength;
    return sum;
  }

  /**
   * @param {number} slice  of the full grid
   * @returns {Piece[]} the slab on screen, then the half copy, then slabs as far as memory reaches
   */
  missing(slice) {
    const { slabs, half, shape, box_offset: offset } = this.manifest;
    this.focus = slice - offset[2];
    const perSlice = shape[0] * shape[1] * this.half.BYTES_PER_ELEMENT;
    const reach = Math.floor(this.most / perSlice / 2) - slabs[0].count;
    /** @type {Piece[]} */
    const pieces = [];
    half?.slabs.forEach((_, index) => {
      if (!this.arrived[index]) pieces.push({ path: `half/${index}`, away: 0.5 });
    });
    slabs.forEach((_, index) => {
      const away = this.#away(index);
      if (away <= reach && !this.near.has(index)) pieces.push({ path: `slab/${index}`, away });
    });
    return pieces;
  }

  /**
   * @param {string} path
   * @param {ArrayBuffer} buffer
   */
  accept(path, buffer) {
    const [kind, number] = path.split("/");
    const index = Number(number);
    const { dtype, shape, slabs, half } = this.manifest;
    if (kind === "half" && half) {
      const { first, count } = half.slabs[index];
      const area = half.shape[0] * half.shape[1];
      this.half.set(typedArray(dtype, buffer, area * count), area * first);
      if (!this.arrived[index]) this.left -= 1;
      this.arrived[index] = true;
    } else {
      this.near.set(index, typedArray(dtype, buffer, shape[0] * shape[1] * slabs[index].count));
      this.#letGo();
    }
    this.version += 1;
  }

  /**
   * @param {0 | 1 | 2} axis
   * @param {number} index  of the stored box
   * @returns {Cut}
   */
  slice(axis, index) {
    const [nx, ny] = this.manifest.shape;
    if (axis === 2) {
      const [slab, at] = this.#find(index);
      if (slab) return { values: slab.subarray(at * nx * ny, (at + 1) * nx * ny), width: nx, height: ny, step: 1 };
    }
    const shape = /** @type {Triple} */ (this.manifest.half?.shape);
    return { ...cut(this.half, shape, axis, index >> 1), step: 2 };
  }

  /**
   * @param {Triple} voxel  of the full grid
   * @returns {number} the stored number; of the half copy where the slab is not here
   */
  stored([x, y, z]) {
    const { shape, half, box_offset: offset, fill } = this.manifest;
    const [i, j, k] = [x - offset[0], y - offset[1], z - offset[2]];
    if (!half || i < 0 || j < 0 || k < 0 || i >= shape[0] || j >= shape[1] || k >= shape[2]) return fill;
    const [slab, at] = this.#find(k);
    if (slab) return slab[(at * shape[1] + j) * shape[0] + i];
    return this.half[((k >> 1) * half.shape[1] + (j >> 1)) * half.shape[0] + (i >> 1)];
  }

  /** @param {Triple} voxel */
  value(voxel) {
    return this.stored(voxel) * this.manifest.slope + this.manifest.intercept;
  }

  /**
   * @param {number} k  slice of the stored box
   * @returns {[Voxels | undefined, number]} its slab, and its place in it
   */
  #find(k) {
    const { slabs } = this.manifest;
    // all but the last are as long as the first
    const index = Math.floor(k / slabs[0].count);
    return [this.near.get(index), k - slabs[index].first];
  }

  /** @param {number} index  of a slab */
  #away(index) {
    const { first, count } = this.manifest.slabs[index];
    return Math.max(0, first - this.focus, this.focus - (first + count - 1));
  }

  #letGo() {
    let sum = 0;
    for (const slab of this.near.values()) sum += slab.byteLength;
    const farthest = [...this.near.keys()].sort((a, b) => this.#away(b) - this.#away(a));
    for (const index of farthest) {
      if (sum <= this.most) return;
      sum -= this.near.get(index)?.byteLength ?? 0;
      this.near.delete(index);
    }
  }
}
