/** Which colours regions have: two sets, of which the reader's choice holds for every case. */

/** @import {ViewerData} from "../types.js" */

/** @typedef {"standard" | "strong"} Palette */

const REMEMBERED = "segscope-colours";

/** What was chosen before; else what the system asks for. @returns {Palette} */
export function preferredPalette() {
  try {
    const kept = localStorage.getItem(REMEMBERED);
    if (kept === "standard" || kept === "strong") return kept;
  } catch {
    // a browser that keeps nothing
  }
  return window.matchMedia("(prefers-contrast: more)").matches ? "strong" : "standard";
}

/** @param {Palette} palette */
export function rememberPalette(palette) {
  try {
    localStorage.setItem(REMEMBERED, palette);
  } catch {
    // a browser that keeps nothing
  }
}

/**
 * @param {ViewerData} data
 * @param {Palette} palette
 * @returns {ViewerData} with its regions in these colours
 */
export function dressed(data, palette) {
  const regions = data.regions.map((region) => {
    const standard = region.standard ?? region.colour;
    return { ...region, standard, colour: palette === "strong" && region.strong ? region.strong : standard };
  });
  return { ...data, regions };
}
