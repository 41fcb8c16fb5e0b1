/** The edge of a mask on one slice, as a path along the edges of its voxels. Pure but for Path2D. */

/** @typedef {number[]} Loop  corners x0, y0, x1, y1, … of one closed line, in voxel edges */

/** East, south, west, north: what one step adds. */
const STEP_X = [1, 0, -1, 0];
const STEP_Y = [0, 1, 0, -1];

/**
 * Walk around every patch of a mask, and around every hole in one. Patches that touch only at a corner stay apart.
 *
 * @param {Uint8Array} bytes  row by row
 * @param {number} width
 * @param {number} height
 * @param {number} bit  which bit of a byte is the mask
 * @returns {Loop[]}
 */
export function trace(bytes, width, height, bit) {
  const flag = 1 << bit;
  const inside = (/** @type {number} */ x, /** @type {number} */ y) =>
    x >= 0 && y >= 0 && x < width && y < height && (bytes[y * width + x] & flag) !== 0;
  const walked = new Uint8Array(width * height);
  /** @type {Loop[]} */
  const loops = [];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (!(bytes[i] & flag) || walked[i] || (y > 0 && bytes[i - width] & flag)) continue;
      loops.push(walk(inside, walked, width, x, y));
    }
  }
  return loops;
}

/**
 * Follow one edge with the mask on the right hand, from the top edge of voxel (startX, startY) back to it.
 *
 * @param {(x: number, y: number) => boolean} inside
 * @param {Uint8Array} walked  marks voxels whose top edge belongs to a line already
 * @param {number} width
 * @param {number} startX
 * @param {number} startY
 * @returns {Loop}
 */
function walk(inside, walked, width, startX, startY) {
  /** @type {Loop} */
  const corners = [];
  let x = startX;
  let y = startY;
  let heading = 0;
  do {
    if (heading === 0) walked[y * width + x] = 1;
    x += STEP_X[heading];
    y += STEP_Y[heading];
    // the voxels ahead, to the right and to the left of the heading
    const rightX = x + (heading === 0 || heading === 3 ? 0 : -1);
    const rightY = y + (heading < 2 ? 0 : -1);
    const leftX = x + (heading < 2 ? 0 : -1);
    const leftY = y + (heading === 0 || heading === 3 ? -1 : 0);
    const turn = !inside(rightX, rightY) ? 1 : inside(leftX, leftY) ? 3 : 0;
    if (turn) {
      corners.push(x, y);
      heading = (heading + turn) % 4;
    }
  } while (x !== startX || y !== startY || heading !== 0);
  return corners;
}

/**
 * @param {Loop[]} loops
 * @param {boolean} exact  along the voxels' edges; otherwise with rounded corners, never further than half a voxel off
 * @returns {Path2D} in voxel edges
 */
export function toPath(loops, exact) {
  const path = new Path2D();
  for (const loop of loops) {
    if (exact) straight(path, loop);
    else rounded(path, loop);
    path.closePath();
  }
  return path;
}

/**
 * @param {Path2D} path
 * @param {Loop} loop
 */
function straight(path, loop) {
  path.moveTo(loop[0], loop[1]);
  for (let i = 2; i < loop.length; i += 2) path.lineTo(loop[i], loop[i + 1]);
}

/**
 * Each corner becomes a quadratic curve between the middles of the voxel edges that meet in it.
 *
 * @param {Path2D} path
 * @param {Loop} loop
 */
function rounded(path, loop) {
  const n = loop.length;
  for (let i = 0; i < n; i += 2) {
    const x = loop[i];
    const y = loop[i + 1];
    const fromX = x - 0.5 * Math.sign(x - loop[(i + n - 2) % n]);
    const fromY = y - 0.5 * Math.sign(y - loop[(i + n - 1) % n]);
    if (i === 0) path.moveTo(fromX, fromY);
    else path.lineTo(fromX, fromY);
    const toX = x + 0.5 * Math.sign(loop[(i + 2) % n] - x);
    const toY = y + 0.5 * Math.sign(loop[(i + 3) % n] - y);
    path.quadraticCurveTo(x, y, toX, toY);
  }
}
