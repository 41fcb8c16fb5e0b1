/** Voxels in a box, z slowest and x fastest, and slices of them. Pure. */

/** @import {Manifest, Triple} from "../types.js" */

/** @typedef {Uint8Array | Int8Array | Uint16Array | Int16Array} Voxels */

/**
 * @typedef {object} Cut  one slice
 * @property {Voxels} values  row by row
 * @property {number} width
 * @property {number} height
 * @property {1 | 2} step  voxels of the box that one value stands for, along each side
 */

const ARRAYS = { uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array };

/**
 * @param {Manifest["dtype"]} dtype
 * @param {Triple} shape
 */
export function makeArray(dtype, [x, y, z]) {
  return new ARRAYS[dtype](x * y * z);
}

/**
 * @param {Manifest["dtype"]} dtype
 * @param {ArrayBuffer} buffer
 * @param {number} count  of voxels that it should hold
 * @throws {Error} it holds another number
 */
export function typedArray(dtype, buffer, count) {
  const expected = count * ARRAYS[dtype].BYTES_PER_ELEMENT;
  if (buffer.byteLength !== expected) {
    throw new Error(`A slab came with ${buffer.byteLength} bytes, expected ${expected}. Reload the page.`);
  }
  return new ARRAYS[dtype](buffer);
}

/** @param {Manifest} manifest @throws {Error} it is of another protocol than this page reads */
export function requireProtocol({ version, dtype }) {
  if (version === 1 && dtype in ARRAYS) return;
  throw new Error(`This page reads protocol 1, the server sends ${version} (${dtype}). Reload it.`);
}

/** Slices across the fast axes are gathered here; one at a time is looked at. @type {Map<string, Voxels>} */
const scratch = new Map();

/**
 * @param {Voxels} voxels
 * @param {Triple} shape
 * @param {0 | 1 | 2} axis
 * @param {number} index
 * @returns {Cut}
 */
export function cut(voxels, [nx, ny, nz], axis, index) {
  if (axis === 2) {
    return { values: voxels.subarray(index * nx * ny, (index + 1) * nx * ny), width: nx, height: ny, step: 1 };
  }
  const width = axis === 0 ? ny : nx;
  const values = room(voxels, width * nz);
  if (axis === 1) {
    for (let z = 0; z < nz; z++) {
      const start = (z * ny + index) * nx;
      values.set(voxels.subarray(start, start + nx), z * nx);
    }
  } else {
    let out = 0;
    for (let z = 0; z < nz; z++) {
      const stop = (z + 1) * ny * nx;
      for (let i = z * ny * nx + index; i < stop; i += nx) values[out++] = voxels[i];
    }
  }
  return { values, width, height: nz, step: 1 };
}

/**
 * @param {Voxels} like
 * @param {number} length
 * @returns {Voxels}
 */
function room(like, length) {
  const name = like.constructor.name;
  let kept = scratch.get(name);
  if (!kept || kept.length < length) {
    kept = new /** @type {new (length: number) => Voxels} */ (like.constructor)(length);
    scratch.set(name, kept);
  }
  return kept.subarray(0, length);
}
