/** Grey slices as small canvases, one per image and plane, shared by every panel that shows it. */

import { AXIS } from "./geometry.js";
import { greyTable } from "./window.js";

/** @import {Plane} from "../types.js" */
/** @import {Cut} from "../data/box.js" */
/** @import {AnyVolume} from "../data/library.js" */
/** @import {Range} from "./window.js" */

/**
 * @typedef {object} Slice
 * @property {HTMLCanvasElement} canvas  the stored box of one slice
 * @property {1 | 2} step  voxels per pixel
 * @property {number} uStart  voxel of its first column
 * @property {number} vStart
 * @property {string} ground  colour of what lies outside the box
 */

/**
 * @typedef {object} Sheet
 * @property {HTMLCanvasElement} canvas
 * @property {CanvasRenderingContext2D} context
 * @property {ImageData} image
 * @property {string} drawn  what is on it
 * @property {Omit<Slice, "ground">} place
 */

export class Slices {
  constructor() {
    /** @type {Map<string, Sheet>} */
    this.sheets = new Map();
    /** @type {Map<string, {key: string, table: Uint32Array}>} */
    this.tables = new Map();
  }

  /**
   * @param {AnyVolume} volume
   * @param {Plane} plane
   * @param {number} index  of the full grid
   * @param {Range} range
   * @returns {Slice | null} null where the stored box has nothing on this slice
   */
  grey(volume, plane, index, range) {
    const { shape, box_offset: offset, fill } = volume.manifest;
    const axis = AXIS[plane];
    const inBox = index - offset[axis];
    const u = axis === 0 ? 1 : 0;
    const v = axis === 2 ? 1 : 2;
    const table = this.#table(volume, range);
    const ground = css(table[fill & (table.length - 1)]);
    if (inBox < 0 || inBox >= shape[axis] || !shape[u] || !shape[v]) return null;
    const name = `${volume.hash} ${plane}`;
    const key = `${index} ${range[0]} ${range[1]} ${volume.version}`;
    const known = this.sheets.get(name);
    if (known?.drawn === key) return { ...known.place, ground };
    const cut = volume.slice(axis, inBox);
    const sheet = this.#sheet(name, cut.width, cut.height);
    fillPixels(new Uint32Array(sheet.image.data.buffer), cut.values, table);
    sheet.context.putImageData(sheet.image, 0, 0);
    sheet.drawn = key;
    sheet.place = { canvas: sheet.canvas, step: cut.step, uStart: offset[u], vStart: offset[v] };
    return { ...sheet.place, ground };
  }

  /** @param {Set<string>} hashes  volumes that are still shown */
  keepOnly(hashes) {
    for (const key of this.sheets.keys()) if (!hashes.has(key.split(" ", 1)[0])) this.sheets.delete(key);
    for (const key of this.tables.keys()) if (!hashes.has(key)) this.tables.delete(key);
  }

  /**
   * @param {AnyVolume} volume
   * @param {Range} range
   */
  #table(volume, range) {
    const key = range.join(" ");
    let known = this.tables.get(volume.hash);
    if (known?.key !== key) {
      known = { key, table: greyTable(volume.manifest, range) };
      this.tables.set(volume.hash, known);
    }
    return known.table;
  }

  /**
   * @param {string} key
   * @param {number} width
   * @param {number} height
   * @returns {Sheet}
   */
  #sheet(key, width, height) {
    let sheet = this.sheets.get(key);
    if (!sheet || sheet.canvas.width !== width || sheet.canvas.height !== height) {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      sheet = { canvas, context, image: context.createImageData(width, height), drawn: "", place: { canvas, step: 1, uStart: 0, vStart: 0 } };
      this.sheets.set(key, sheet);
    }
    return sheet;
  }
}

/**
 * @param {Uint32Array} pixels
 * @param {Cut["values"]} values
 * @param {Uint32Array} table
 */
function fillPixels(pixels, values, table) {
  const bits = table.length - 1;
  for (let i = 0; i < values.length; i++) pixels[i] = table[values[i] & bits];
}

/** @param {number} pixel */
function css(pixel) {
  const grey = pixel & 0xff;
  return `rgb(${grey}, ${grey}, ${grey})`;
}
