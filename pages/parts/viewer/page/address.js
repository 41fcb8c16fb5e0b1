/**
 * The view in the page's address, so that it can be shared. Python reads the ids, only this writes them.
 *
 * What is as the page opens is left out. Ids and numbers only, each looked up or bounded when it is read: whatever is
 * not well-formed is as if it were not there.
 */

import { LAYOUTS } from "../around/layouts.js";
import { AXIS, PLANES } from "../drawing/geometry.js";
import { ZOOM, firstView } from "../view.js";

/** @import {Columns, DoubtKind, MapKind, OverlayMode, Sought, Triple, View, ViewerData} from "../types.js" */

/**
 * @typedef {object} Place
 * @property {number} [slice]  of the plane
 * @property {Triple} [cursor]
 * @property {[number, number]} [window]  of the image
 * @property {Partial<View>} [view]
 */

/** @type {OverlayMode[]} */
const MODES = ["fill", "both", "outline"];
/** @type {Sought[]} */
const SOUGHT = ["lesion", "error", "largest error", "disagreement", "uncertain"];
/** @type {MapKind[]} */
const MAPS = ["errors", "agreement", "disagreement", "uncertainty"];
/** @type {DoubtKind[]} */
const DOUBTS = ["entropy", "disagreement"];
/** @type {View["told"][]} */
const TOLD = ["area", "error"];
/** Voxels further away than this are in no volume. */
const FARTHEST = 99_999;
/** Longer than any list of numbers that is written here. */
const LONGEST = 600;

/**
 * One word of the address: how a view is written into it, null where it is as the page opens, and what of a view it
 * gives back. Panels, masks and regions go by their place, from 1.
 *
 * @typedef {object} Word
 * @property {(view: View, usual: View, data: ViewerData) => string | number | null} write
 * @property {(text: string, data: ViewerData) => Partial<View> | null} read
 */

/** @type {Record<string, Word>} */
const WORDS = {
  plane: {
    write: (view) => view.plane,
    read: (text) => oneOf(text, PLANES, (plane) => ({ plane })),
  },
  image: {
    write: (view, usual) => (view.image === usual.image ? null : view.image),
    read: (text, data) => oneOf(text, Object.keys(data.images), (image) => ({ image })),
  },
  zoom: {
    write: (view) => (view.zoom === 1 ? null : Number(view.zoom.toPrecision(4))),
    read: (text) => numbers(text, 1, ZOOM.least, ZOOM.most, ([zoom]) => ({ zoom })),
  },
  centre: {
    write: (view) => view.centre && view.centre.map((each) => Number(each.toFixed(2))).join(","),
    read: (text) => numbers(text, 3, -FARTHEST, FARTHEST, ([x, y, z]) => ({ centre: [x, y, z] })),
  },
  layout: {
    write: (view, usual) => (view.layout === usual.layout ? null : view.layout),
    read: (text) => oneOf(text, LAYOUTS, (layout) => ({ layout })),
  },
  columns: { write: writeColumns, read: readColumns },
  model: {
    write: ({ chosen }, _, data) => (chosen === null ? null : place(idsOf(data), chosen)),
    read: (text, data) => nth(text, idsOf(data), (chosen) => ({ chosen })),
  },
  against: {
    write: ({ against }, _, data) => (against === null ? null : place(Object.keys(data.masks), against)),
    read: (text, data) => nth(text, Object.keys(data.masks), (against) => ({ against })),
  },
  map: {
    write: (view) => view.map,
    read: (text) => oneOf(text, MAPS, (map) => ({ map })),
  },
  of: {
    write: ({ mapOf }, _, data) => (mapOf === null ? null : place(Object.keys(data.masks), mapOf)),
    read: (text, data) => nth(text, Object.keys(data.masks), (mapOf) => ({ mapOf })),
  },
  doubt: {
    write: (view) => view.doubt,
    read: (text) => oneOf(text, DOUBTS, (doubt) => ({ doubt })),
  },
  thresholds: { write: writeThresholds, read: readThresholds },
  swipe: { write: writeSwipe, read: readSwipe },
  sought: {
    write: (view) => view.sought,
    read: (text) => oneOf(text, SOUGHT, (sought) => ({ sought })),
  },
  least: {
    write: (view) => view.soughtLeast,
    read: (text) => numbers(text, 1, 0, FARTHEST, ([soughtLeast]) => ({ soughtLeast })),
  },
  strip: {
    write: (view, usual) => (view.told === usual.told ? null : view.told),
    read: (text) => oneOf(text, TOLD, (told) => ({ told })),
  },
  overlay: {
    write: (view, usual) => (view.mode === usual.mode ? null : view.mode),
    read: (text) => oneOf(text, MODES, (mode) => ({ mode })),
  },
  opacity: {
    write: (view, usual) => (view.opacity === usual.opacity ? null : Math.round(view.opacity * 100)),
    read: (text) => numbers(text, 1, 0, 100, ([percent]) => ({ opacity: percent / 100 })),
  },
  off: {
    write: (view) => view.visible.flatMap((on, index) => (on ? [] : index + 1)).join(",") || null,
    read: (text, { regions }) => {
      const off = whole(text, 1, regions.length);
      return off && { visible: regions.map((_, index) => !off.includes(index + 1)) };
    },
  },
  errors: {
    write: (view) => (view.errorRegion ? view.errorRegion + 1 : null),
    read: (text, { regions }) => nth(text, [...regions.keys()], (errorRegion) => ({ errorRegion })),
  },
  side: {
    write: (view, usual) => (view.radiological === usual.radiological ? null : view.radiological ? "R" : "L"),
    read: (text) => oneOf(text, ["R", "L"], (side) => ({ radiological: side === "R" })),
  },
};

/**
 * @param {ViewerData} data  an address of another case is not ours
 * @returns {Place}
 */
export function readAddress(data) {
  if (!data.address) return {};
  const query = new URLSearchParams(location.search);
  const told = (/** @type {string} */ name) => (query.get(name) ?? "").slice(0, LONGEST);
  if (query.has("case") && data.address.case !== undefined && query.get("case") !== data.address.case) return {};
  /** @type {Place} */
  const found = {};
  const view = Object.assign({}, ...Object.entries(WORDS).map(([name, word]) => query.has(name) && word.read(told(name), data)));
  if (Object.keys(view).length) found.view = view;
  const slice = whole(told("slice"), 0, FARTHEST);
  if (slice?.length === 1) found.slice = slice[0];
  const cursor = whole(told("cursor"), 0, FARTHEST);
  if (cursor?.length === 3) found.cursor = [cursor[0], cursor[1], cursor[2]];
  numbers(told("window"), 2, -Infinity, Infinity, ([low, high]) => {
    if (low < high) found.window = [low, high];
    return null;
  });
  return found;
}

/**
 * @param {ViewerData} data
 * @param {View} view
 * @param {Triple | null} opened  where the crosshair is when nothing is said
 * @returns {string} the address that opens this view
 */
export function addressOf(data, view, opened) {
  const url = new URL(location.href);
  const put = (/** @type {string} */ name, /** @type {string | number | null} */ value) =>
    value === null || value === "" ? url.searchParams.delete(name) : url.searchParams.set(name, String(value));
  for (const [name, value] of Object.entries(data.address ?? {})) put(name, value);
  const usual = firstView(data, {});
  const axis = AXIS[view.plane];
  for (const [name, word] of Object.entries(WORDS)) put(name, word.write(view, usual, data));
  put("slice", view.cursor[axis]);
  const asOpened = opened?.every((each, at) => at === axis || each === view.cursor[at]);
  put("cursor", asOpened ? null : view.cursor.join(","));
  const range = view.windows[view.image]?.range;
  put("window", range ? range.map((end) => Number(end.toPrecision(6))).join(",") : null);
  return url.href.replaceAll("%2C", ",");
}

/**
 * @param {ViewerData} data
 * @param {View} view
 * @param {Triple | null} opened
 */
export function writeAddress(data, view, opened) {
  const text = addressOf(data, view, opened);
  if (text !== location.href) history.replaceState(history.state, "", text);
}

/** @param {ViewerData} data */
function idsOf(data) {
  return data.panels.map((panel) => panel.id);
}

/** In their order, those that are hidden with a minus. @type {Word["write"]} */
function writeColumns({ columns }, _, data) {
  if (!columns.order.length && !columns.hidden.length) return null;
  const ids = idsOf(data);
  const inOrder = [...new Set([...columns.order, ...ids])].filter((id) => ids.includes(id));
  return inOrder.map((id) => (columns.hidden.includes(id) ? "-" : "") + place(ids, id)).join(",");
}

/** @type {Word["read"]} */
function readColumns(text, data) {
  const ids = idsOf(data);
  const places = whole(text, -ids.length, ids.length);
  const distinct = new Set(places?.map(Math.abs));
  // one that hides every panel would leave nothing to bring them back by
  if (!places || distinct.has(0) || distinct.size !== places.length || places.every((each) => each < 0)) return null;
  const id = (/** @type {number} */ each) => ids[Math.abs(each) - 1];
  /** @type {Columns} */
  const columns = { order: places.map(id), hidden: places.filter((each) => each < 0).map(id), titles: {} };
  return { columns };
}

/** Mask and its thresholds with points between, masks with commas. @type {Word["write"]} */
function writeThresholds({ thresholds }, _, data) {
  const names = Object.keys(data.masks);
  const told = Object.entries(thresholds).filter(([name]) => names.includes(name));
  return told.map(([name, values]) => [place(names, name), ...values].join(".")).join(",") || null;
}

/** @type {Word["read"]} */
function readThresholds(text, data) {
  const names = Object.keys(data.masks);
  /** @type {Record<string, number[]>} */
  const thresholds = {};
  for (const part of text.split(",")) {
    const [mask, ...values] = whole(part.replaceAll(".", ","), 1, 255) ?? [];
    const name = names[mask - 1];
    const known = data.probabilities[name];
    if (known && !known.why_not && known.thresholds.length === values.length) thresholds[name] = values;
  }
  return Object.keys(thresholds).length ? { thresholds } : null;
}

/** Both masks, and how far from the left the divider stands, in percent. @type {Word["write"]} */
function writeSwipe({ swipe }, _, data) {
  const names = Object.keys(data.masks);
  return swipe && [place(names, swipe.left), place(names, swipe.right), Math.round(swipe.at * 100)].join(",");
}

/** @type {Word["read"]} */
function readSwipe(text, data) {
  const names = Object.keys(data.masks);
  const [left, right, percent, ...more] = whole(text, 0, 100) ?? [];
  if (names[left - 1] === undefined || names[right - 1] === undefined || percent === undefined || more.length) return null;
  return { swipe: { left: names[left - 1], right: names[right - 1], at: percent / 100 } };
}

/** @param {string[]} names @param {string} name @returns {number | null} from 1 */
function place(names, name) {
  return names.indexOf(name) + 1 || null;
}

/**
 * @template {string} T
 * @param {string} text
 * @param {readonly T[]} known
 * @param {(value: T) => Partial<View>} make
 */
function oneOf(text, known, make) {
  const found = known.find((each) => each === text);
  return found === undefined ? null : make(found);
}

/**
 * @template T
 * @param {string} text
 * @param {T[]} known
 * @param {(value: T) => Partial<View>} make
 */
function nth(text, known, make) {
  const at = whole(text, 1, known.length);
  return at?.length === 1 ? make(known[at[0] - 1]) : null;
}

/**
 * @param {string} text
 * @param {number} least
 * @param {number} most
 * @returns {number[] | null} whole numbers with commas between
 */
function whole(text, least, most) {
  if (!/^-?\d{1,5}(,-?\d{1,5})*$/.test(text)) return null;
  const values = text.split(",").map(Number);
  return values.every((value) => value >= least && value <= most) ? values : null;
}

/**
 * @param {string} text
 * @param {number} count
 * @param {number} least
 * @param {number} most
 * @param {(values: number[]) => Partial<View> | null} make
 */
function numbers(text, count, least, most, make) {
  const values = text.split(",").map((each) => (each.trim() ? Number(each) : NaN));
  const fine = values.length === count && values.every((each) => Number.isFinite(each) && each >= least && each <= most);
  return fine ? make(values) : null;
}
