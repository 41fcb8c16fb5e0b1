/** What the map panel's colours mean, in words. */

import { element } from "../around/dom.js";
import { AGREEMENT_COLOURS, ENTROPY_BAR, disagreementColour } from "../drawing/map_colours.js";
import { ERROR_COLOURS } from "../drawing/paint.js";

/** @import {ShownMap} from "../drawing/maps.js" */
/** @import {SavedDoubts} from "../types.js" */

/**
 * @param {ShownMap} map
 * @param {number} share  of what uncertainty is drawn from that is here, 0 to 1
 * @param {SavedDoubts} [saved]  what the drawn map of uncertainty was saved with
 * @returns {(Node | string)[]}
 */
export function mapLegend({ kind, of, against, models, doubt }, share, saved) {
  if (kind === "errors") {
    return swatches([
      ["too much", ERROR_COLOURS.extra],
      ["missed", ERROR_COLOURS.missed],
      ["right", ERROR_COLOURS.right],
    ]);
  }
  if (kind === "agreement") {
    return swatches([
      [`only ${of}`, AGREEMENT_COLOURS.extra],
      [`only ${against}`, AGREEMENT_COLOURS.missed],
      ["both", AGREEMENT_COLOURS.right],
    ]);
  }
  if (kind === "disagreement") {
    const some = Array.from({ length: models.length - 1 }, (_, index) => index + 1);
    const levels = swatches(some.map((yes) => [String(yes), disagreementColour(yes, models.length)]));
    return [...levels, element("span", {}, `of ${models.length} say yes`)];
  }
  const what = saved ? "map" : "probabilities";
  if (share < 1) return [element("span", { role: "status" }, `loading ${what} ${Math.floor(share * 100)} %`)];
  const bar = element("i", { class: "bar" });
  bar.style.background = ENTROPY_BAR;
  const whose = saved ? [element("span", {}, `${doubt === "entropy" ? "of" : "between"} ${saved.between}`)] : [];
  return [element("span", {}, "0", bar, `${Number((saved?.bits ?? 1).toFixed(2))} bit`), ...whose];
}

/** @param {[string, string][]} rows  words and colour */
function swatches(rows) {
  return rows.map(([words, colour]) => {
    const spot = element("i");
    spot.style.background = colour;
    return element("span", {}, spot, words);
  });
}
