/**
 * The longest diameter of a lesion on an axial slice, and its longest perpendicular. Pure.
 *
 * A lesion on a slice is what hangs together by sides or corners. Its outline runs halfway between each voxel inside
 * and its neighbour outside, as marching squares draw it: a row of n voxels of 1 mm is n mm long. The longest diameter
 * is the largest distance between two points of an outline, over all slices and lesions; the perpendicular is the
 * largest extent of that same outline at exactly 90 degrees to it, on the same slice. Since the outline is a polygon,
 * both are exact and no angle has to be tolerated. Either line may leave a bent lesion between its ends, and beside a
 * bent lesion the two need not cross.
 *
 * Reference: the bidimensional measurement of Wen et al., Updated response assessment criteria for high-grade gliomas
 * (RANO), J Clin Oncol 2010, 28:1963, and RANO 2.0, J Clin Oncol 2023, 41:5187, which a reader makes by hand on
 * enhancing lesions. The outline: Lorensen and Cline, Marching cubes, SIGGRAPH 1987, in two dimensions.
 */

/** @import {Mask, MaskSlice} from "../drawing/masks.js" */
/** @import {Triple} from "../types.js" */

/** @typedef {[number, number]} Point */

/**
 * Millimetres of a step along the two axes of a slice, in a square frame of that slice, also where they are not square.
 *
 * @typedef {object} Frame
 * @property {Point} u
 * @property {Point} v
 */

/**
 * @typedef {object} Diameters
 * @property {number} slice
 * @property {[Triple, Triple]} longest  voxels, not rounded
 * @property {[Triple, Triple]} across
 * @property {number} longestMm  voxels without geometry
 * @property {number} acrossMm
 */

/**
 * @param {number[][] | null} affine
 * @returns {Frame} of the axial plane
 */
export function axialFrame(affine) {
  if (!affine) return { u: [1, 0], v: [0, 1] };
  const column = (/** @type {number} */ index) => [affine[0][index], affine[1][index], affine[2][index]];
  const dot = (/** @type {number[]} */ a, /** @type {number[]} */ b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const [x, y] = [column(0), column(1)];
  const long = Math.sqrt(dot(x, x));
  const along = dot(x, y) / long;
  return { u: [long, 0], v: [along, Math.sqrt(Math.max(0, dot(y, y) - along * along))] };
}

/**
 * @param {Mask} mask
 * @param {number} region  bit of the mask
 * @param {Frame} frame
 * @returns {Diameters | null} null where the region is empty
 */
export function diametersOf(mask, region, frame) {
  /** @type {{slice: number, outline: Point[], ends: [Point, Point], length: number} | null} */
  let best = null;
  for (let z = 0; z < mask.manifest.full_shape[2]; z++) {
    const slice = mask.slice("axial", z);
    if (!slice) continue;
    for (const outline of outlinesOf(slice, region)) {
      const found = farthest(hull(outline, frame), frame);
      if (found && (!best || found.length > best.length)) best = { slice: z, outline, ...found };
    }
  }
  if (!best) return null;
  const { slice, outline, ends, length } = best;
  const across = perpendicular(outline, ends, frame);
  const voxel = (/** @type {Point} */ [u, v]) => /** @type {Triple} */ ([u, v, slice]);
  return {
    slice,
    longest: [voxel(ends[0]), voxel(ends[1])],
    across: [voxel(across.ends[0]), voxel(across.ends[1])],
    longestMm: length,
    acrossMm: across.length,
  };
}

/**
 * The outlines of everything that hangs together on a slice, as pairs of points: each two that follow are one edge.
 *
 * @param {MaskSlice} slice
 * @param {number} region
 * @returns {Point[][]} in voxels of the full grid
 */
export function outlinesOf(slice, region) {
  const { bytes, width, height, uStart, vStart } = slice;
  const flag = 1 << region;
  const label = new Int32Array(width * height);
  /** @type {Point[][]} */
  const outlines = [];
  for (let start = 0; start < bytes.length; start++) {
    if (!(bytes[start] & flag) || label[start]) continue;
    const name = outlines.length + 1;
    const box = flood(bytes, flag, label, name, start, width, height);
    const inside = (/** @type {number} */ u, /** @type {number} */ v) =>
      u >= 0 && v >= 0 && u < width && v < height && label[v * width + u] === name;
    outlines.push(edges(inside, box).map(([u, v]) => [u + uStart, v + vStart]));
  }
  return outlines;
}

/**
 * @param {Uint8Array} bytes
 * @param {number} flag
 * @param {Int32Array} label  gets the name
 * @param {number} name
 * @param {number} start
 * @param {number} width
 * @param {number} height
 * @returns {[number, number, number, number]} first and last column, first and last row
 */
function flood(bytes, flag, label, name, start, width, height) {
  const stack = [start];
  label[start] = name;
  let [left, right, top, bottom] = [width, 0, height, 0];
  while (stack.length) {
    const at = /** @type {number} */ (stack.pop());
    const u = at % width;
    const v = Math.floor(at / width);
    left = Math.min(left, u);
    right = Math.max(right, u);
    top = Math.min(top, v);
    bottom = Math.max(bottom, v);
    for (let y = Math.max(0, v - 1); y <= Math.min(height - 1, v + 1); y++) {
      for (let x = Math.max(0, u - 1); x <= Math.min(width - 1, u + 1); x++) {
        const next = y * width + x;
        if (label[next] || !(bytes[next] & flag)) continue;
        label[next] = name;
        stack.push(next);
      }
    }
  }
  return [left, right, top, bottom];
}

/** Top, right, bottom and left of a square of four voxel centres, halfway between two of them. @type {Point[]} */
const SIDES = [[0.5, 0], [1, 0.5], [0.5, 1], [0, 0.5]];
/**
 * Which sides an outline joins, by which of the four voxels are inside (top left 1, top right 2, bottom right 4,
 * bottom left 8). Where two touch at a corner the outline goes around them together.
 */
const JOINED = [
  [], [3, 0], [0, 1], [3, 1], [1, 2], [0, 1, 2, 3], [0, 2], [3, 2],
  [2, 3], [2, 0], [3, 0, 1, 2], [2, 1], [1, 3], [1, 0], [0, 3], [],
];

/**
 * @param {(u: number, v: number) => boolean} inside
 * @param {[number, number, number, number]} box
 * @returns {Point[]}
 */
function edges(inside, [left, right, top, bottom]) {
  /** @type {Point[]} */
  const points = [];
  for (let v = top - 1; v <= bottom; v++) {
    for (let u = left - 1; u <= right; u++) {
      const kind =
        (inside(u, v) ? 1 : 0) + (inside(u + 1, v) ? 2 : 0) + (inside(u + 1, v + 1) ? 4 : 0) + (inside(u, v + 1) ? 8 : 0);
      for (const side of JOINED[kind]) points.push([u + SIDES[side][0], v + SIDES[side][1]]);
    }
  }
  return points;
}

/** @param {Frame} frame @param {Point} point @returns {Point} mm */
function inMm({ u, v }, [a, b]) {
  return [u[0] * a + v[0] * b, u[1] * a + v[1] * b];
}

/**
 * Corners of the convex hull, by Andrew's monotone chain: the two that lie farthest apart are among them.
 *
 * @param {Point[]} points
 * @param {Frame} frame
 * @returns {Point[]}
 */
function hull(points, frame) {
  const sorted = points.map((point) => ({ point, mm: inMm(frame, point) }));
  sorted.sort((a, b) => a.mm[0] - b.mm[0] || a.mm[1] - b.mm[1]);
  const half = (/** @type {typeof sorted} */ ordered) => {
    /** @type {typeof sorted} */
    const chain = [];
    for (const next of ordered) {
      while (chain.length > 1 && turn(chain[chain.length - 2].mm, chain[chain.length - 1].mm, next.mm) <= 0) chain.pop();
      chain.push(next);
    }
    return chain;
  };
  return [...half(sorted), ...half(sorted.reverse())].map(({ point }) => point);
}

/** @param {Point} a @param {Point} b @param {Point} c */
function turn(a, b, c) {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

/**
 * @param {Point[]} points
 * @param {Frame} frame
 * @returns {{ends: [Point, Point], length: number} | null}
 */
function farthest(points, frame) {
  const mm = points.map((point) => inMm(frame, point));
  /** @type {{ends: [Point, Point], length: number} | null} */
  let best = null;
  for (let i = 0; i < mm.length; i++) {
    for (let j = i + 1; j < mm.length; j++) {
      const length = Math.hypot(mm[i][0] - mm[j][0], mm[i][1] - mm[j][1]);
      if (!best || length > best.length) best = { ends: [points[i], points[j]], length };
    }
  }
  return best;
}

/**
 * The extent at right angles changes linearly between the corners of an outline, so the largest one is at a corner.
 *
 * @param {Point[]} outline  pairs of points
 * @param {[Point, Point]} ends  of the longest diameter
 * @param {Frame} frame
 * @returns {{ends: [Point, Point], length: number}}
 */
function perpendicular(outline, ends, frame) {
  const [from, to] = ends.map((end) => inMm(frame, end));
  const long = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const along = [(to[0] - from[0]) / long, (to[1] - from[1]) / long];
  // along the longest, and across it
  const turned = outline.map((point) => {
    const mm = inMm(frame, point);
    // corners that lie side by side but for rounding are side by side
    const at = Math.round((mm[0] * along[0] + mm[1] * along[1]) * 1e9) / 1e9;
    return [at, mm[1] * along[0] - mm[0] * along[1]];
  });
  const middle = (from[0] + to[0]) * 0.5 * along[0] + (from[1] + to[1]) * 0.5 * along[1];
  let best = { at: middle, low: 0, high: 0, length: -1 };
  // the nearest to the middle first, and another only where it is longer
  const places = [...new Set(turned.map(([at]) => at))].sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
  for (const at of places) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < turned.length; i += 2) {
      const [[a, first], [b, second]] = [turned[i], turned[i + 1]];
      if (Math.min(a, b) > at || Math.max(a, b) < at) continue;
      const crossings = a === b ? [first, second] : [first + ((second - first) * (at - a)) / (b - a)];
      low = Math.min(low, ...crossings);
      high = Math.max(high, ...crossings);
    }
    if (high - low > best.length + 1e-9) best = { at, low, high, length: high - low };
  }
  const { u, v } = frame;
  const square = u[0] * v[1] - u[1] * v[0];
  const back = (/** @type {number} */ across) => {
    const x = best.at * along[0] - across * along[1];
    const y = best.at * along[1] + across * along[0];
    return /** @type {Point} */ ([(x * v[1] - y * v[0]) / square, (y * u[0] - x * u[1]) / square]);
  };
  return { ends: [back(best.low), back(best.high)], length: best.length };
}
