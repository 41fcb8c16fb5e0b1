/** Grey slices as small canvases, one per image and plane, shared by every panel that shows it. */

import { AXIS } from "./geometry.js";
import { greyTable } from "./window.js";

/** @import {Plane} from "../types.js" */
/** @import {Volume} from "../data/volume.js" */
/** @import {Range} from "./window.js" */

/**
 * @typedef {object} Slice
 * @property {HTMLCanvasElement} canvas  the stored box of one slice, one pixel per voxel
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
 */

export class Slices {
  constructor() {
    /** @type {Map<string, Sheet>} */
    this.sheets = new Map();
    /** @type {Map<string, {key: string, table: Uint32Array}>} */
    this.tables = new Map();
  }

  /**
   * @param {Volume} volume
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
    const sheet = this.#sheet(`${volume.hash} ${plane}`, shape[u], shape[v]);
    const key = `${index} ${range[0]} ${range[1]} ${volume.version}`;
    if (sheet.drawn !== key) {
      fillPixels(new Uint32Array(sheet.image.data.buffer), volume, axis, inBox, table);
      sheet.context.putImageData(sheet.image, 0, 0);
      sheet.drawn = key;
    }
    return { canvas: sheet.canvas, uStart: offset[u], vStart: offset[v], ground };
  }

  /** @param {Set<string>} hashes  volumes that are still shown */
  keepOnly(hashes) {
    for (const key of this.sheets.keys()) if (!hashes.has(key.split(" ", 1)[0])) this.sheets.delete(key);
    for (const key of this.tables.keys()) if (!hashes.has(key)) this.tables.delete(key);
  }

  /**
   * @param {Volume} volume
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
    if (!sheet) {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      sheet = { canvas, context, image: context.createImageData(width, height), drawn: "" };
      this.sheets.set(key, sheet);
    }
    return sheet;
  }
}

/**
 * @param {Uint32Array} pixels
 * @param {Volume} volume
 * @param {0 | 1 | 2} axis
 * @param {number} index  of the stored box
 * @param {Uint32Array} table
 */
function fillPixels(pixels, volume, axis, index, table) {
  const [nx, ny, nz] = volume.manifest.shape;
  const voxels = volume.voxels;
  const bits = table.length - 1;
  let out = 0;
  if (axis === 2) {
    const start = index * nx * ny;
    for (let i = start; i < start + nx * ny; i++) pixels[out++] = table[voxels[i] & bits];
  } else if (axis === 1) {
    for (let z = 0; z < nz; z++) {
      const start = (z * ny + index) * nx;
      for (let i = start; i < start + nx; i++) pixels[out++] = table[voxels[i] & bits];
    }
  } else {
    for (let z = 0; z < nz; z++) {
      for (let i = z * ny * nx + index; i < (z + 1) * ny * nx; i += nx) pixels[out++] = table[voxels[i] & bits];
    }
  }
}

/** @param {number} pixel */
function css(pixel) {
  const grey = pixel & 0xff;
  return `rgb(${grey}, ${grey}, ${grey})`;
}
