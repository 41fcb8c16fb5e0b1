/** A mask that is looked at while it is made: its manifest is asked for again and again, and only new parts are fetched. */

import { typedArray } from "./box.js";
import { Volume } from "./volume.js";

/** @import {Piece} from "./volume.js" */
/** @import {Growing, Manifest} from "../types.js" */

export class GrowingVolume extends Volume {
  /**
   * @param {string} hash
   * @param {Manifest & {growing: Growing}} manifest
   */
  constructor(hash, manifest) {
    super(hash, manifest);
    this.growing = manifest.growing;
    /** Slices of the stored box that have come. @type {Set<number>} */
    this.there = new Set();
    /** Which part each of them came with: a later one replaces it. @type {Map<number, number>} */
    this.newest = new Map();
    /** @type {boolean[]} */
    this.arrived = [];
    this.left = 0;
    this.renewed(manifest);
  }

  /** Whether more may come. */
  get grows() {
    return !this.growing.ended;
  }

  get whole() {
    return !this.grows && this.left === 0;
  }

  get loaded() {
    if (this.whole) return 1;
    return Math.min(0.999, this.there.size / Math.max(1, this.growing.slices));
  }

  /**
   * @param {{growing?: Growing}} manifest  as it is now; what was there before is still there
   * @returns {boolean} whether it says anything new
   */
  renewed({ growing }) {
    if (!growing) return false;
    const news = growing.parts.length > this.arrived.length || growing.ended !== this.growing.ended;
    this.growing = growing;
    for (let index = this.arrived.length; index < growing.parts.length; index++) {
      this.arrived.push(false);
      this.left += 1;
    }
    return news;
  }

  /**
   * @param {number} slice  that is looked at, of the full grid
   * @returns {Piece[]}
   */
  missing(slice) {
    const at = slice - this.manifest.box_offset[2];
    /** @type {Piece[]} */
    const pieces = [];
    this.growing.parts.forEach((slices, index) => {
      if (this.arrived[index]) return;
      pieces.push({ path: `part/${index}`, away: Math.min(...slices.map((each) => Math.abs(each - at))) });
    });
    return pieces;
  }

  /**
   * @param {string} path  of a piece
   * @param {ArrayBuffer} buffer
   */
  accept(path, buffer) {
    const index = Number(path.slice("part/".length));
    const slices = this.growing.parts[index];
    const [x, y] = this.manifest.shape;
    const bytes = typedArray(this.manifest.dtype, buffer, x * y * slices.length);
    slices.forEach((slice, row) => {
      this.there.add(slice);
      if (index < (this.newest.get(slice) ?? 0)) return;
      this.newest.set(slice, index);
      this.voxels.set(bytes.subarray(row * x * y, (row + 1) * x * y), slice * x * y);
    });
    if (!this.arrived[index]) this.left -= 1;
    this.arrived[index] = true;
    this.version += 1;
  }
}
