/** What the hand did to the panels: their order, which are hidden, what they are called. Pure. */

import { isMap } from "../drawing/maps.js";

/** @import {Columns, PanelSpec, ViewerData, View} from "../types.js" */

/** @type {Columns} */
export const AS_GIVEN = { order: [], hidden: [], titles: {} };

/** Longer names would be read nowhere. */
const LONGEST_TITLE = 60;

/**
 * @param {PanelSpec[]} panels  as the page gave them
 * @param {Columns} columns
 * @returns {PanelSpec[]} all of them, in the hand's order and under its names
 */
export function listed(panels, { order, titles }) {
  const place = (/** @type {PanelSpec} */ { id }) => (order.includes(id) ? order.indexOf(id) : order.length);
  const named = panels.map((panel) => (titles[panel.id] ? { ...panel, title: titles[panel.id] } : panel));
  // a sort keeps what has the same place as it was
  return named.sort((a, b) => place(a) - place(b));
}

/**
 * @param {PanelSpec[]} panels
 * @param {Columns} columns
 * @returns {PanelSpec[]} those that are not hidden; one always stays
 */
export function inColumns(panels, columns) {
  const all = listed(panels, columns);
  const seen = all.filter(({ id }) => !columns.hidden.includes(id));
  return seen.length ? seen : all.slice(0, 1);
}

/**
 * @param {PanelSpec[]} panels
 * @param {Columns} columns
 * @param {string} id
 * @param {string} beside  id of the panel that it is put next to
 * @param {"before" | "after"} side
 * @returns {Columns}
 */
export function moved(panels, columns, id, beside, side) {
  if (id === beside) return columns;
  // a model that is not shown now keeps its place for when it is again
  const rest = panels.map((panel) => panel.id).filter((each) => !columns.order.includes(each));
  const order = [...columns.order, ...rest].filter((each) => each !== id);
  order.splice(order.indexOf(beside) + (side === "after" ? 1 : 0), 0, id);
  return { ...columns, order };
}

/**
 * @param {PanelSpec[]} panels
 * @param {Columns} columns
 * @param {string} id
 * @param {1 | -1} direction
 * @returns {Columns | null} null where there is no panel on that side
 */
export function stepped(panels, columns, id, direction) {
  const seen = inColumns(panels, columns);
  const beside = seen[seen.findIndex((panel) => panel.id === id) + direction];
  return beside ? moved(panels, columns, id, beside.id, direction < 0 ? "before" : "after") : null;
}

/**
 * @param {PanelSpec[]} panels
 * @param {Columns} columns
 * @param {string} id
 * @returns {Columns | null} null where it is the last one that is shown
 */
export function hidden(panels, columns, id) {
  if (inColumns(panels, columns).every((panel) => panel.id === id)) return null;
  return { ...columns, hidden: [...columns.hidden.filter((each) => each !== id), id] };
}

/**
 * @param {Columns} columns
 * @param {string} id
 * @returns {Columns}
 */
export function shown(columns, id) {
  return { ...columns, hidden: columns.hidden.filter((each) => each !== id) };
}

/**
 * @param {Columns} columns
 * @param {string} id
 * @param {string} title  an empty one gives the panel its own name back
 * @returns {Columns}
 */
export function renamed(columns, id, title) {
  const { [id]: _, ...titles } = columns.titles;
  const text = title.trim().slice(0, LONGEST_TITLE);
  return { ...columns, titles: text ? { ...titles, [id]: text } : titles };
}

/**
 * @param {ViewerData} data
 * @param {View} view
 * @param {string} mask  a key of `masks`
 * @returns {string} what the hand calls the panel that shows it, else its own name
 */
export function titleOf(data, view, mask) {
  const panel = data.panels.find((each) => each.mask === mask && !isMap(each));
  return (panel && view.columns.titles[panel.id]) || mask;
}
