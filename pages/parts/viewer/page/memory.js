/** What stays of a case when another one is shown, and what a new run of Python changes. */

/** @import {View, ViewerData} from "../types.js" */

/** Views of cases that were left, so that coming back finds them as they were. @type {Map<string, View>} */
const left = new Map();

/**
 * @param {string} subject
 * @param {View} view
 */
export function keep(subject, view) {
  left.set(subject, { ...view, playing: false, flickering: false, overlayOff: false, help: false });
}

/**
 * @param {string} subject
 * @returns {View | undefined}
 */
export function recall(subject) {
  const view = left.get(subject);
  return view && { ...view };
}

/**
 * Whether two runs of Python ask for the same: new tokens alone are no reason to build anything again.
 *
 * @param {ViewerData} one
 * @param {ViewerData} other
 */
export function sameButTokens(one, other) {
  const text = (/** @type {ViewerData} */ data) =>
    JSON.stringify(data, (name, value) => (name === "token" ? undefined : value));
  return text(one) === text(other);
}
