/** The door to the viewer's modules. */

export { Viewer } from "./viewer.js";
