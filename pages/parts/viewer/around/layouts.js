/** Which panels a layout has. Pure. */

import { inColumns, titleOf } from "./columns.js";
import { PLANES } from "../drawing/geometry.js";
import { isMap, truthOf } from "../drawing/maps.js";

/** @import {LayoutName, PanelSpec, Triple, ViewerData, View} from "../types.js" */

/** The panel that shows two masks left and right of a divider. */
export const SWIPE = "swipe";

/** @type {LayoutName[]} */
export const LAYOUTS = ["compare", "planes", "sequences"];

/** What the page's own panels are called, the page says. @type {Partial<Record<LayoutName, string>>} */
export const TITLES = { planes: "Planes", sequences: "Sequences" };

/**
 * @param {ViewerData} data
 * @param {Pick<View, "chosen">} view
 * @returns {PanelSpec | null} the panel that tools for one model work on: the chosen one, else the first model
 */
export function chosenOf(data, { chosen }) {
  const masked = data.panels.filter((panel) => panel.mask !== null);
  const model = masked.find((panel) => panel.mask !== truthOf(data) && !isMap(panel));
  return masked.find((panel) => panel.id === chosen) ?? model ?? masked[0] ?? null;
}

/**
 * @param {ViewerData} data
 * @returns {PanelSpec[]} between which a reader can choose what the tools are of; a plane of a mask is no other model
 */
export function modelPanels(data) {
  return data.panels.filter((panel) => panel.mask !== null && panel.plane === null);
}

/**
 * @param {ViewerData} data
 * @param {Triple | null} shape  of the grid, once it is known
 * @returns {Record<LayoutName, string | null>} why a layout has nothing to show; null where it has
 */
export function layoutTroubles(data, shape) {
  const flat = data.stops !== null || (shape !== null && Math.min(...shape) === 1);
  const own = (/** @type {LayoutName} */ name) => (data.layout === TITLES[name] ? "The page's own panels are these." : null);
  return {
    compare: null,
    planes: flat ? "A single image has no other planes." : own("planes"),
    sequences: Object.keys(data.images).length < 2 ? "This case has one image." : own("sequences"),
  };
}

/**
 * @param {ViewerData} data
 * @param {View} view
 * @returns {PanelSpec[]} what is seen, in its order
 */
export function panelsFor(data, view) {
  return inColumns(layoutPanels(data, view), view.columns);
}

/**
 * @param {ViewerData} data
 * @param {View} view
 * @returns {PanelSpec[]} as the layout has them, before the hand hid or moved any
 */
export function layoutPanels(data, view) {
  const bare = { subtitle: "", image: null, mask: null, error_against: null, plane: null, scores: [] };
  if (view.swipe) {
    const { left, right } = view.swipe;
    const title = `${titleOf(data, view, left)} | ${titleOf(data, view, right)}`;
    return [{ ...bare, id: SWIPE, title, mask: left, beside: right }];
  }
  if (view.layout === "compare") {
    return data.panels.map((panel) => ({ ...panel, subtitle: subtitleOf(data, view, panel) }));
  }
  const chosen = chosenOf(data, view);
  const what = chosen ?? bare;
  const name = chosen && chosen.plane === null ? nameOf(data, view, chosen) : "";
  if (view.layout === "planes") {
    return PLANES.map((plane, index) => ({
      ...what,
      id: `planes ${plane}`,
      title: "{plane}",
      subtitle: name || chosen?.subtitle || "{image}",
      plane,
      scores: index ? [] : what.scores,
    }));
  }
  return Object.keys(data.images).map((image, index) => ({
    ...what,
    id: `sequences ${image}`,
    title: image,
    subtitle: name || (chosen?.mask ? titleOf(data, view, chosen.mask) : ""),
    image,
    scores: index ? [] : what.scores,
  }));
}

/**
 * @param {ViewerData} data
 * @param {View} view
 * @param {PanelSpec} panel
 * @returns {string} what it is called on the page, also beside a plane or a sequence
 */
export function nameOf(data, view, panel) {
  const title = view.columns.titles[panel.id] ?? panel.title;
  return isMap(panel) ? `${title} ${subtitleOf(data, view, panel)}`.replace(/ ?\{\w+\}/g, "").trim() : title;
}

/**
 * A panel that names a mask beside its title follows the mask's new name.
 *
 * @param {ViewerData} data
 * @param {View} view
 * @param {PanelSpec} panel
 */
function subtitleOf(data, view, { subtitle }) {
  return subtitle in data.masks ? titleOf(data, view, subtitle) : subtitle;
}
