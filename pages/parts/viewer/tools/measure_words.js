/** What was measured, as rows of a table. Pure. */

import { short } from "../around/numbers.js";

/** @import {Statistics} from "./statistics.js" */
/** @import {Diameters} from "./diameters.js" */

const NONE = "–";

/**
 * @param {string} image  its name
 * @param {Statistics | null} slice  null cannot be told
 * @param {Statistics | null} whole
 * @param {number | null} voxelMl  null without geometry
 * @returns {string[][]} what, on this slice, in the whole volume
 */
export function statisticsInWords(image, slice, whole, voxelMl) {
  const number = (/** @type {number | undefined} */ value) =>
    value === undefined || Number.isNaN(value) ? NONE : value.toFixed(Math.abs(value) >= 1000 ? 0 : 2).replace("-", "−");
  const rows = [
    [`${image} mean`, number(slice?.mean), number(whole?.mean)],
    [`${image} sd`, number(slice?.sd), number(whole?.sd)],
    ["Voxels", count(slice), count(whole)],
  ];
  if (voxelMl !== null) rows.push(["Volume", millilitres(slice, voxelMl), millilitres(whole, voxelMl)]);
  return rows;
}

/** @param {Statistics | null} found */
function count(found) {
  return found ? found.voxels.toLocaleString("en-GB") : NONE;
}

/** @param {Statistics | null} found @param {number} voxelMl */
function millilitres(found, voxelMl) {
  return found ? `${(found.voxels * voxelMl).toFixed(2)} ml` : NONE;
}

/**
 * @param {Diameters} found
 * @param {boolean} hasGeometry
 */
export function diametersInWords({ longestMm, acrossMm, slice }, hasGeometry) {
  const unit = hasGeometry ? "mm" : "voxels";
  const product = hasGeometry ? `, product ${short(Math.round(longestMm * acrossMm))} mm²` : "";
  return `${longestMm.toFixed(1)} × ${acrossMm.toFixed(1)} ${unit}${product}, axial slice ${slice + 1}`;
}
