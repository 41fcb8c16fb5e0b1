/** What the viewer can do besides showing slices: one file each, in the order of the row of tools. */

/** @import {Panel, Scene} from "../drawing/panel.js" */
/** @import {Placement} from "../drawing/geometry.js" */
/** @import {Viewer} from "../viewer.js" */

/**
 * @typedef {object} Shortcut
 * @property {string} key  as the browser names it, letters in lower case
 * @property {string} label  for the help
 * @property {string} what  it does
 * @property {() => void} run
 */

/**
 * Everything is optional: a tool says what it has.
 *
 * @typedef {object} Tool
 * @property {HTMLElement[]} [elements]  stand in the row of tools
 * @property {Shortcut[]} [shortcuts]
 * @property {() => void} [furnish]  the panels are new, or the case is
 * @property {(panel: Panel, scene: Scene, placement: Placement) => void} [paint]  over a panel that was just drawn
 * @property {() => void} [show]  once in a frame, after every panel: bring the elements up to date
 * @property {() => boolean} [escape]  whether there was something to leave
 * @property {() => void} [stop]  the viewer goes away
 */

/** @type {((viewer: Viewer) => Tool)[]} */
export const TOOLS = [];
