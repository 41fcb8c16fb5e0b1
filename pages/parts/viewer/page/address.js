/** The view in the page's address, so that it can be shared. Python reads it, only this writes it. */

/** @import {Plane, View} from "../types.js" */

/** @typedef {{plane?: Plane, slice?: number, window?: [number, number]}} Place */

/**
 * @param {Record<string, string> | null} ids  what this viewer shows; an address of something else is not ours
 * @returns {Place}
 */
export function readAddress(ids) {
  if (!ids) return {};
  const query = new URLSearchParams(location.search);
  if (query.has("case") && ids.case !== undefined && query.get("case") !== ids.case) return {};
  /** @type {Place} */
  const place = {};
  const plane = query.get("plane");
  if (plane === "axial" || plane === "coronal" || plane === "sagittal") place.plane = plane;
  if (/^\d{1,5}$/.test(query.get("slice") ?? "")) place.slice = Number(query.get("slice"));
  const ends = (query.get("window") ?? "").split(",").map(Number);
  if (ends.length === 2 && ends.every(Number.isFinite) && ends[0] < ends[1]) place.window = [ends[0], ends[1]];
  return place;
}

/**
 * @param {Record<string, string>} ids
 * @param {Plane} plane
 * @param {number} slice
 * @param {[number, number] | undefined} range  only where it was set by hand
 */
export function writeAddress(ids, plane, slice, range) {
  const url = new URL(location.href);
  for (const [name, value] of Object.entries(ids)) {
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
  }
  url.searchParams.set("plane", plane);
  url.searchParams.set("slice", String(slice));
  if (range) url.searchParams.set("window", range.map((end) => Number(end.toPrecision(6))).join(","));
  else url.searchParams.delete("window");
  const text = url.href.replaceAll("%2C", ",");
  if (text !== location.href) history.replaceState(history.state, "", text);
}
