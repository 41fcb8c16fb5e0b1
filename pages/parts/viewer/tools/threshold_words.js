/** What a threshold that is tried makes of a region, in a panel's words. */

import { element } from "../around/dom.js";
import { isMap } from "../drawing/maps.js";
import { diceAt } from "./threshold_counts.js";

/** @import {Panel} from "../drawing/panel.js" */
/** @import {Region} from "../types.js" */
/** @import {Counts} from "./threshold_counts.js" */

/**
 * @typedef {object} Tried
 * @property {string} name  of the mask
 * @property {number} region
 * @property {number} threshold
 * @property {number | null} dice
 * @property {number} voxels
 * @property {number | null} ml
 * @property {string} words
 */

/**
 * @param {object} at
 * @param {string} at.name
 * @param {number} at.region
 * @param {number} at.threshold
 * @param {Counts} at.counts
 * @param {number | null} at.voxelMl  null without geometry
 * @returns {Tried}
 */
export function triedOf({ name, region, threshold, counts, voxelMl }) {
  const { value: dice, reason } = diceAt(counts, threshold);
  const voxels = counts.predicted[threshold];
  const ml = voxelMl === null ? null : voxels * voxelMl;
  const score = dice === null ? `– (${reason})` : dice.toFixed(3);
  const size = ml === null ? `${voxels} voxels` : `${ml.toFixed(1)} ml`;
  const said = counts.reference === null ? `${size} before clean-up` : `${score} before clean-up · ${size}`;
  return { name, region, threshold, dice, voxels, ml, words: `at ${asProbability(threshold)}: ${said}` };
}

/** @param {number} threshold  in 255ths */
export function asProbability(threshold) {
  return (threshold / 255).toFixed(2);
}

/**
 * Volume of a voxel in millilitres: |det| of the affine's 3 × 3 part / 1000.
 *
 * @param {number[][]} affine
 */
export function voxelMlOf([[a, b, c], [d, e, f], [g, h, i]]) {
  return Math.abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) / 1000;
}

/**
 * Write below each reported score what another threshold gives.
 *
 * @param {Panel[]} panels
 * @param {Region[]} regions
 * @param {Tried[]} tried
 */
export function tellTried(panels, regions, tried) {
  for (const panel of panels) {
    const mine = isMap(panel.spec) ? [] : tried.filter(({ name }) => name === panel.spec.mask);
    regions.forEach(({ name, colour }, region) => {
      const found = mine.find((each) => each.region === region);
      const line = lineOf(panel, name, colour, found !== undefined);
      if (!line) return;
      if (!found) return line.remove();
      if (line.textContent !== found.words) line.textContent = found.words;
      const { threshold, dice, voxels, ml } = found;
      Object.assign(line.dataset, { threshold, dice: dice ?? "", voxels, ml: ml ?? "" });
    });
  }
}

/**
 * @param {Panel} panel
 * @param {string} region  its name
 * @param {string} colour
 * @param {boolean} make
 * @returns {HTMLElement | null}
 */
function lineOf(panel, region, colour, make) {
  const rows = /** @type {HTMLElement[]} */ ([...panel.scores.children]);
  let row = rows.find((each) => each.dataset.region === region);
  if (!row) {
    if (!make) return null;
    // a case without a reference has no scores to stand below
    const term = element("dt", {}, region);
    term.style.color = colour;
    row = element("div", { "data-region": region }, term);
    panel.scores.append(row);
  }
  const known = /** @type {HTMLElement | null} */ (row.querySelector(".tried"));
  if (known || !make) return known;
  const line = element("dd", { class: "tried" });
  row.append(line);
  return line;
}
