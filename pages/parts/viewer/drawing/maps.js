/** What the map panel shows: of which model, against what, and which maps a case allows. Pure. */

/** @import {DoubtKind, MapKind, PanelSpec, View, ViewerData} from "../types.js" */

/** @type {Record<MapKind, string>} */
export const MAP_TITLES = {
  errors: "Errors",
  agreement: "Agreement",
  disagreement: "Disagreement",
  uncertainty: "Uncertainty",
};

/**
 * A map as it is drawn.
 *
 * @typedef {object} ShownMap
 * @property {MapKind} kind
 * @property {MapKind[]} possible  for this case
 * @property {string} of  mask that it is of
 * @property {string[]} choices  for `of`
 * @property {string | null} against  mask that `of` is laid over: the reference of errors, a model of agreement
 * @property {string[]} models  whose disagreement is drawn
 * @property {DoubtKind | null} doubt  the saved map of uncertainty that is drawn; null makes it of the probabilities
 * @property {DoubtKind[]} doubts  the saved maps that there are of `of`
 * @property {number} region
 */

/** @param {PanelSpec} spec */
export function isMap(spec) {
  return spec.map === true || spec.error_against !== null;
}

/** @param {ViewerData} data @returns {string | null} the mask that errors are errors against; null without ground truth */
export function truthOf(data) {
  return data.reference ?? data.panels.find((panel) => panel.error_against !== null)?.error_against ?? null;
}

/**
 * @param {PanelSpec} spec  of a map panel
 * @param {ViewerData} data
 * @param {View} view
 * @param {(string | null)[]} onScreen  masks of the panels that are shown
 * @returns {ShownMap | null} null where there is no model
 */
export function mapOf(spec, data, view, onScreen) {
  const truth = truthOf(data);
  const all = Object.keys(data.masks).filter((name) => name !== truth);
  if (!all.length) return null;
  const shown = all.filter((name) => onScreen.includes(name));
  const models = shown.length > 1 ? shown : all;
  const saved = data.uncertainty ?? {};
  const likely = all.filter((name) => data.probabilities[name] !== undefined || saved[name] !== undefined);
  /** @type {MapKind[]} */
  const possible = [];
  if (truth !== null) possible.push("errors");
  if (all.length > 1) possible.push("agreement", "disagreement");
  if (likely.length) possible.push("uncertainty");
  if (!possible.length) return null;
  const kind = view.map !== null && possible.includes(view.map) ? view.map : possible[0];
  const choices = kind === "uncertainty" ? likely : all;
  const of = [view.mapOf, spec.mask].find((name) => name !== null && choices.includes(name)) ?? choices[0];
  const others = all.filter((name) => name !== of);
  const other = view.against !== null && others.includes(view.against) ? view.against : (others[0] ?? null);
  const against = kind === "errors" ? truth : kind === "agreement" ? other : null;
  /** @type {DoubtKind[]} */
  const doubts = kind === "uncertainty" && saved[of] ? ["entropy", "disagreement"] : [];
  const doubt = doubts.find((each) => each === view.doubt) ?? doubts[0] ?? null;
  return { kind, possible, of, choices, against, models, doubt, doubts, region: view.errorRegion };
}
