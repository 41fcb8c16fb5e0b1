/** What the viewer can do besides showing slices: one file each, in the order of the row of tools. */

import { columnsTool } from "./columns.js";
import { jumpTool } from "./jump.js";
import { layoutTool } from "./layout.js";
import { swipeTool } from "./swipe.js";
import { takeAway } from "./take_away.js";

import { measure } from "./measure.js";
import { ruler } from "./ruler.js";
import { mapsTool } from "./maps.js";
import { thresholdTool } from "./threshold.js";

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

/** @typedef {"start" | "move" | "end" | "cancel"} DragPhase */

/**
 * Everything is optional: a tool says what it has.
 *
 * @typedef {object} Tool
 * @property {HTMLElement[]} [elements]  stand in the row of tools
 * @property {HTMLElement[]} [strip]  stand over the line under the panels
 * @property {Shortcut[]} [shortcuts]
 * @property {() => void} [furnish]  the panels are new, or the case is
 * @property {(panel: Panel, scene: Scene, placement: Placement) => void} [paint]  over a panel that was just drawn
 * @property {() => void} [show]  after the panels of a frame in which more than the crosshair has changed: bring the
 *   elements up to date
 * @property {() => void} [follow]  after the panels of every frame: what depends on the crosshair
 * @property {(phase: DragPhase, panel: Panel, x: number, y: number) => boolean} [drag]  first button or one finger, in CSS
 *     pixels of the panel; what is taken at its start also goes on here
 * @property {() => boolean} [escape]  whether there was something to leave
 * @property {() => void} [stop]  the viewer goes away
 */

/** @type {((viewer: Viewer) => Tool)[]} */
export const TOOLS = [layoutTool, swipeTool, columnsTool, jumpTool, thresholdTool, mapsTool, ruler, measure, takeAway];
