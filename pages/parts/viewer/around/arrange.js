/** How many columns, and how large a panel. Pure. */

/** Between panels, in CSS pixels; the stylesheet has the same. */
export const GAP = 4;
/** A panel is at most so much higher than wide: a head is. */
const TALLEST = 1.2;
const LEAST_HEIGHT = 120;

/**
 * @param {number} count  of panels
 * @param {number} width  of all of them, in CSS pixels
 * @param {number} height  that is there
 * @param {number | null} columns  null chooses the number that shows the largest panels
 * @returns {{columns: number, width: number, height: number}} of one panel
 */
export function arrange(count, width, height, columns) {
  const choices = columns ? [Math.min(columns, count)] : Array.from({ length: count }, (_, index) => index + 1);
  let best = { columns: 1, width, height };
  let bestSize = -1;
  for (const each of choices) {
    const rows = Math.ceil(count / each);
    const wide = (width - GAP * (each - 1)) / each;
    const high = Math.max(LEAST_HEIGHT, Math.min((height - GAP * (rows - 1)) / rows, wide * TALLEST));
    // an empty place is a loss, as much as a smaller panel is
    const size = Math.min(wide, high * 1.05) * (count / (rows * each));
    if (size < bestSize) continue;
    bestSize = size;
    best = { columns: each, width: Math.floor(wide), height: Math.floor(high) };
  }
  return best;
}

/**
 * What is left of the window for the panels.
 *
 * @param {number} above  CSS pixels from the window's top to the panels
 * @param {number} below  what has to follow them
 * @param {number} windowHeight
 */
export function roomFor(above, below, windowHeight) {
  // far down a page the panels get a screen of their own
  const top = above > windowHeight / 2 ? 0 : Math.max(0, above);
  return Math.max(260, windowHeight - top - below);
}
