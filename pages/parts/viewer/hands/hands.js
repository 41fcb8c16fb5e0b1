/** Wheel, mouse and touch over the panels. */

/** @import {Panel} from "../drawing/panel.js" */

/**
 * What hands can ask of their viewer.
 *
 * @typedef {object} Reach
 * @property {(panel: Panel, slices: number) => void} scroll
 * @property {(panel: Panel, x: number, y: number) => void} point  move the crosshair
 * @property {(panel: Panel, dx: number, dy: number) => void} window
 * @property {(panel: Panel, dx: number, dy: number) => void} pan
 * @property {(panel: Panel, x: number, y: number, factor: number) => void} zoom
 * @property {(panel: Panel | null, x: number, y: number) => void} hover
 * @property {() => void} touched  any of the above by a person
 * @property {(panel: Panel, x: number, y: number) => Taken | null} take  what a tool makes of the drag that begins here
 */

/** @typedef {(phase: "move" | "end" | "cancel", panel: Panel, x: number, y: number) => void} Taken */

/** Pixels of a trackpad's wheel per slice. */
const WHEEL_PIXELS = 32;
/** A wheel that reports at least this much at once has notches. */
const NOTCH_PIXELS = 50;
/** Pixels of a finger per slice. */
const FINGER_PIXELS = 9;
const LINE_PIXELS = 33;
/** A finger that rests so long means the window, not the slices. */
const PRESS_MS = 500;
/** A finger that moved less than this many pixels has rested. */
const REST_PIXELS = 8;
/** Over a panel, these have a use of their own for a press. */
const CONTROLS = "button, input, select, a";

/**
 * @param {HTMLElement} ground  holds the panels
 * @param {(target: EventTarget | null) => Panel | null} panelOf
 * @param {Reach} reach
 */
export function listenToHands(ground, panelOf, reach) {
  listenToWheel(ground, panelOf, reach);
  listenToPointers(ground, panelOf, reach);
  ground.addEventListener("contextmenu", (event) => event.preventDefault());
}

/**
 * @param {HTMLElement} ground
 * @param {(target: EventTarget | null) => Panel | null} panelOf
 * @param {Reach} reach
 */
function listenToWheel(ground, panelOf, reach) {
  let rest = 0;
  const onWheel = (/** @type {WheelEvent} */ event) => {
    const panel = panelOf(event.target);
    if (!panel) return;
    event.preventDefault();
    // the page listens to every wheel, and has nothing to do with this one
    event.stopPropagation();
    reach.touched();
    // with the shift key some browsers turn the wheel sideways
    const delta = (event.deltaY || event.deltaX) * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PIXELS : 1);
    if (event.ctrlKey || event.metaKey) {
      const [x, y] = within(panel, event);
      reach.zoom(panel, x, y, Math.exp(-Math.max(-120, Math.min(120, delta)) / 300));
      return;
    }
    if (Math.abs(delta) >= NOTCH_PIXELS) {
      rest = 0;
      reach.scroll(panel, Math.sign(delta) * Math.max(1, Math.round(Math.abs(delta) / 120)));
      return;
    }
    if (Math.sign(delta) !== Math.sign(rest)) rest = 0;
    rest += delta;
    const slices = Math.trunc(rest / WHEEL_PIXELS);
    rest -= slices * WHEEL_PIXELS;
    if (slices) reach.scroll(panel, slices);
  };
  ground.addEventListener("wheel", onWheel, { passive: false });
}

/**
 * @param {HTMLElement} ground
 * @param {(target: EventTarget | null) => Panel | null} panelOf
 * @param {Reach} reach
 */
function listenToPointers(ground, panelOf, reach) {
  /** @type {Map<number, {x: number, y: number}>} */
  const down = new Map();
  /** @type {Panel | null} */
  let panel = null;
  /** @type {"point" | "window" | "pan" | "fingers" | "tool" | null} */
  let doing = null;
  /** @type {Taken | null} */
  let taken = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let press;
  let travelled = 0;
  let rest = 0;

  const begin = (/** @type {PointerEvent} */ event) => {
    if (/** @type {HTMLElement} */ (event.target).closest(CONTROLS)) return;
    panel = down.size ? panel : panelOf(event.target);
    if (!panel) return;
    ground.setPointerCapture(event.pointerId);
    down.set(event.pointerId, { x: event.clientX, y: event.clientY });
    reach.touched();
    travelled = rest = 0;
    clearTimeout(press);
    const at = within(panel, event);
    if (taken) taken("cancel", panel, ...at);
    doing = gestureOf(event);
    const mayDraw = down.size === 1 && (doing === "point" || doing === "fingers");
    taken = mayDraw ? reach.take(panel, ...at) : null;
    if (taken) doing = "tool";
    else if (doing === "point") reach.point(panel, ...at);
    else if (doing === "fingers" && down.size === 1) press = setTimeout(startWindow, PRESS_MS);
    if (event.button === 1) event.preventDefault();
  };

  const startWindow = () => {
    if (doing !== "fingers" || down.size !== 1 || travelled >= REST_PIXELS) return;
    doing = "window";
    navigator.vibrate?.(10);
  };

  const move = (/** @type {PointerEvent} */ event) => {
    const last = down.get(event.pointerId);
    if (!last || !panel) {
      const under = panelOf(event.target);
      reach.hover(under, ...(under ? within(under, event) : /** @type {[number, number]} */ ([0, 0])));
      return;
    }
    const scale = scaleOf(panel);
    const dx = (event.clientX - last.x) * scale;
    const dy = (event.clientY - last.y) * scale;
    const before = [...down.values()].map((point) => ({ ...point }));
    last.x = event.clientX;
    last.y = event.clientY;
    travelled += Math.abs(dx) + Math.abs(dy);
    const at = within(panel, event);
    if (doing === "fingers") fingers(before, dy);
    else if (doing === "tool") taken?.("move", panel, ...at);
    else if (doing === "point") reach.point(panel, ...at);
    else if (doing === "window") reach.window(panel, dx, dy);
    else if (doing === "pan") reach.pan(panel, dx, dy);
    reach.hover(panel, ...at);
  };

  const fingers = (/** @type {{x: number, y: number}[]} */ before, /** @type {number} */ dy) => {
    if (!panel) return;
    const after = [...down.values()];
    if (after.length === 1) {
      rest += dy;
      const slices = Math.trunc(rest / FINGER_PIXELS);
      rest -= slices * FINGER_PIXELS;
      if (slices) reach.scroll(panel, slices);
      return;
    }
    const [was, is] = [pair(before), pair(after)];
    const scale = scaleOf(panel);
    const [x, y] = within(panel, { clientX: is.x, clientY: is.y });
    reach.pan(panel, (is.x - was.x) * scale, (is.y - was.y) * scale);
    reach.zoom(panel, x, y, is.apart / (was.apart || 1));
  };

  const end = (/** @type {PointerEvent} */ event) => {
    if (!down.delete(event.pointerId)) return;
    clearTimeout(press);
    if (panel && taken) taken(event.type === "pointerup" ? "end" : "cancel", panel, ...within(panel, event));
    taken = null;
    // a tap is a finger that hardly moved
    if (doing === "fingers" && panel && travelled < REST_PIXELS && !down.size && event.type === "pointerup") {
      reach.point(panel, ...within(panel, event));
    }
    if (!down.size) doing = null;
  };

  ground.addEventListener("pointerdown", begin);
  ground.addEventListener("pointermove", move);
  ground.addEventListener("pointerup", end);
  ground.addEventListener("pointercancel", end);
  ground.addEventListener("pointerleave", () => reach.hover(null, 0, 0));
}

/** @param {PointerEvent} event */
function gestureOf(event) {
  if (event.pointerType === "touch") return "fingers";
  if (event.button === 2) return "window";
  if (event.button === 1 || event.shiftKey) return "pan";
  return "point";
}

/** @param {{x: number, y: number}[]} points */
function pair([a, b]) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2, apart: Math.hypot(a.x - b.x, a.y - b.y) };
}

/** A page that is zoomed by its style sheet counts other pixels than its canvases do. @param {Panel} panel */
function scaleOf(panel) {
  return panel.canvas.width / (panel.surface.getBoundingClientRect().width || 1);
}

/**
 * @param {Panel} panel
 * @param {{clientX: number, clientY: number}} event
 * @returns {[number, number]} CSS pixels from the panel's corner
 */
function within(panel, event) {
  const { left, top } = panel.surface.getBoundingClientRect();
  const scale = scaleOf(panel);
  return [(event.clientX - left) * scale, (event.clientY - top) * scale];
}
