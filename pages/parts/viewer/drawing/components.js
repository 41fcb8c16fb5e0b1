/**
 * Connected patches of a mask in three dimensions. Voxels that touch at a face, an edge or a corner belong together.
 * Pure.
 *
 * Rows are cut into runs, and runs that touch are joined: a mask has far fewer runs than voxels.
 */

/** @import {MaskSlice} from "./masks.js" */
/** @import {Triple} from "../types.js" */

/**
 * @typedef {object} Block  a part of the grid
 * @property {Uint8Array} bytes  z slowest, x fastest; anything but 0 is inside
 * @property {Triple} shape
 * @property {Triple} offset  its first voxel in the full grid
 */

/**
 * @typedef {object} Patches
 * @property {number} count
 * @property {Uint32Array} sizes  voxels per patch
 * @property {Int32Array} patch  of each run, from 0 in the order in which the patches begin
 * @property {Int32Array} start  of each run: x of its first voxel in the block
 * @property {Int32Array} stop  x behind its last voxel
 * @property {Int32Array} row  of each run: y + z · rows per slice
 */

/**
 * @param {number} depth  axial slices of the grid
 * @param {(z: number) => MaskSlice | null} sliceAt
 * @param {number} flags  a voxel with any of these bits is inside
 * @returns {Block | null} null where no slice has anything stored
 */
export function blockOf(depth, sliceAt, flags) {
  const slices = Array.from({ length: depth }, (_, z) => ({ z, slice: sliceAt(z) })).flatMap(({ z, slice }) =>
    slice?.bytes.length ? [{ z, ...slice }] : [],
  );
  if (!slices.length) return null;
  /** @type {Triple} */
  const offset = [Infinity, Infinity, slices[0].z];
  /** @type {Triple} */
  const end = [0, 0, slices[slices.length - 1].z + 1];
  for (const { uStart, vStart, width, height } of slices) {
    offset[0] = Math.min(offset[0], uStart);
    offset[1] = Math.min(offset[1], vStart);
    end[0] = Math.max(end[0], uStart + width);
    end[1] = Math.max(end[1], vStart + height);
  }
  /** @type {Triple} */
  const shape = [end[0] - offset[0], end[1] - offset[1], end[2] - offset[2]];
  const bytes = new Uint8Array(shape[0] * shape[1] * shape[2]);
  for (const slice of slices) {
    for (let row = 0; row < slice.height; row++) {
      const y = slice.vStart - offset[1] + row;
      let to = ((slice.z - offset[2]) * shape[1] + y) * shape[0] + slice.uStart - offset[0];
      const from = row * slice.width;
      for (let i = from; i < from + slice.width; i++, to++) bytes[to] = slice.bytes[i] & flags;
    }
  }
  return { bytes, shape, offset };
}

/**
 * @param {Pick<Block, "bytes" | "shape">} block
 * @returns {Patches}
 */
export function patchesOf({ bytes, shape }) {
  const [nx, ny, nz] = shape;
  const { first, start, stop, row } = runsOf(bytes, nx, ny * nz);
  const parent = new Int32Array(start.length);
  for (let run = 0; run < parent.length; run++) parent[run] = run;
  const joinRows = (/** @type {number} */ here, /** @type {number} */ there) => {
    let a = first[here];
    let b = first[there];
    while (a < first[here + 1] && b < first[there + 1]) {
      // runs that only meet at a corner touch too
      if (start[a] <= stop[b] && start[b] <= stop[a]) join(parent, a, b);
      if (stop[a] < stop[b]) a += 1;
      else b += 1;
    }
  };
  for (let z = 0; z < nz; z++) {
    for (let y = 0; y < ny; y++) {
      const here = z * ny + y;
      if (first[here] === first[here + 1]) continue;
      if (y > 0) joinRows(here, here - 1);
      if (z === 0) continue;
      for (let dy = -1; dy <= 1; dy++) if (y + dy >= 0 && y + dy < ny) joinRows(here, here - ny + dy);
    }
  }
  return { ...numbered(parent, start, stop), start, stop, row };
}

/**
 * @param {Uint8Array} bytes
 * @param {number} nx
 * @param {number} rows
 */
function runsOf(bytes, nx, rows) {
  const first = new Int32Array(rows + 1);
  let count = 0;
  for (let r = 0, i = 0; r < rows; r++) {
    for (let x = 0; x < nx; x++, i++) if (bytes[i] && (x === 0 || !bytes[i - 1])) count += 1;
    first[r + 1] = count;
  }
  const [start, stop, row] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  for (let r = 0, run = 0; r < rows; r++) {
    if (first[r] === first[r + 1]) continue;
    for (let x = 0, i = r * nx; x < nx; x++, i++) {
      if (!bytes[i]) continue;
      start[run] = x;
      while (x + 1 < nx && bytes[i + 1]) {
        x += 1;
        i += 1;
      }
      stop[run] = x + 1;
      row[run] = r;
      run += 1;
    }
  }
  return { first, start, stop, row };
}

/**
 * @param {Int32Array} parent
 * @param {number} run
 */
function rootOf(parent, run) {
  while (parent[run] !== run) {
    parent[run] = parent[parent[run]];
    run = parent[run];
  }
  return run;
}

/**
 * @param {Int32Array} parent
 * @param {number} a
 * @param {number} b
 */
function join(parent, a, b) {
  const one = rootOf(parent, a);
  const other = rootOf(parent, b);
  // the earlier run is the root, so that patches are numbered as they begin
  if (one < other) parent[other] = one;
  else parent[one] = other;
}

/**
 * @param {Int32Array} parent
 * @param {Int32Array} start
 * @param {Int32Array} stop
 */
function numbered(parent, start, stop) {
  const patch = new Int32Array(parent.length);
  let count = 0;
  for (let run = 0; run < parent.length; run++) {
    const root = rootOf(parent, run);
    patch[run] = root === run ? count++ : patch[root];
  }
  const sizes = new Uint32Array(count);
  for (let run = 0; run < parent.length; run++) sizes[patch[run]] += stop[run] - start[run];
  return { count, patch, sizes };
}
