/** Two masks in one panel, left and right of a divider. Key W; the space bar flickers between them. */

import { titleOf } from "../around/columns.js";
import { element } from "../around/dom.js";
import { SWIPE, chosenOf } from "../around/layouts.js";
import { truthOf } from "../drawing/maps.js";
import { sideShown } from "../drawing/swipe.js";

/** @import {Viewer} from "../viewer.js" */
/** @import {Tool} from "./index.js" */

const STEP = 0.02;
const PAGE = 0.1;

/**
 * @param {Viewer} viewer
 * @returns {Tool}
 */
export function swipeTool(viewer) {
  const tool = new SwipeTool(viewer);
  return {
    elements: [tool.button],
    shortcuts: [{ key: "w", label: "W", what: "swipe: two masks beside each other", run: () => tool.toggle() }],
    furnish: () => tool.furnish(),
    show: () => tool.show(),
    escape: () => tool.leave(),
  };
}

class SwipeTool {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    this.button = element("button", { type: "button", class: "swipe-button", "aria-pressed": "false" }, "Swipe");
    this.button.addEventListener("click", () => this.toggle());
    const range = { "aria-valuemin": "0", "aria-valuemax": "100", "aria-orientation": "horizontal" };
    const slider = { class: "swipe-divider", role: "slider", tabindex: "0", "aria-label": "Divider", ...range };
    this.divider = element("div", slider, element("i"));
    this.left = this.#select("Mask left of the divider", "left");
    this.right = this.#select("Mask right of the divider", "right");
    this.#listen();
  }

  /** @param {string} label @param {"left" | "right"} side */
  #select(label, side) {
    const attributes = { class: `swipe-${side}`, "aria-label": label };
    const select = /** @type {HTMLSelectElement} */ (element("select", attributes));
    select.addEventListener("change", () => {
      const { swipe } = this.viewer.view;
      if (!swipe) return;
      this.viewer.set({ swipe: { ...swipe, [side]: select.value } });
      this.viewer.furnish();
      select.focus({ preventScroll: true });
    });
    // a press on it is not one on the image
    select.addEventListener("pointerdown", (event) => event.stopPropagation());
    return select;
  }

  #listen() {
    const { divider } = this;
    const drag = (/** @type {PointerEvent} */ event) => {
      const box = divider.parentElement?.getBoundingClientRect();
      if (box) this.#put((event.clientX - box.left) / box.width);
    };
    divider.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      divider.setPointerCapture(event.pointerId);
    });
    divider.addEventListener("pointermove", (event) => {
      if (divider.hasPointerCapture(event.pointerId)) drag(event);
    });
    divider.addEventListener("keydown", (event) => {
      const at = this.viewer.view.swipe?.at ?? 0.5;
      const steps = { ArrowLeft: -STEP, ArrowRight: STEP, PageUp: -PAGE, PageDown: PAGE, Home: -1, End: 1 };
      const by = /** @type {Record<string, number | undefined>} */ (steps)[event.key];
      if (by === undefined || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.#put(at + by);
    });
  }

  /** @param {number} at */
  #put(at) {
    const { swipe } = this.viewer.view;
    if (!swipe) return;
    // in whole per cent, as it is read out
    this.viewer.set({ swipe: { ...swipe, at: Math.round(Math.min(1, Math.max(0, at)) * 100) / 100 } });
  }

  /** The ground truth, else the first mask; and the chosen model. @returns {{left: string, right: string} | null} */
  get pair() {
    const { data, view } = this.viewer;
    const names = Object.keys(data.masks);
    if (names.length < 2) return null;
    const left = truthOf(data) ?? names[0];
    const chosen = chosenOf(data, view)?.mask ?? null;
    const right = [chosen, ...names].find((name) => name !== null && name !== left);
    return right ? { left, right } : null;
  }

  toggle() {
    const { viewer, pair } = this;
    if (!viewer.data.tools || this.leave() || !pair) return;
    viewer.set({ swipe: { ...pair, at: 0.5 } });
    viewer.furnish();
    this.divider.focus({ preventScroll: true });
  }

  leave() {
    const { viewer } = this;
    if (!viewer.view.swipe) return false;
    viewer.motion.stopFlicker();
    viewer.set({ swipe: null });
    viewer.furnish();
    viewer.furniture.grid.focus({ preventScroll: true });
    return true;
  }

  furnish() {
    const { viewer } = this;
    const { swipe } = viewer.view;
    if (!swipe) return;
    const names = Object.keys(viewer.data.masks);
    // another case, or other models
    if (!names.includes(swipe.left) || !names.includes(swipe.right)) {
      queueMicrotask(() => this.leave());
      return;
    }
    const panel = viewer.panels.find((each) => each.spec.id === SWIPE);
    if (!panel) return;
    const textOf = (/** @type {string} */ name) => titleOf(viewer.data, viewer.view, name);
    for (const select of [this.left, this.right]) {
      select.replaceChildren(...names.map((value) => element("option", { value }, textOf(value))));
    }
    panel.element.classList.add("swiped");
    panel.element.append(this.left, this.divider, this.right);
  }

  show() {
    const { viewer, pair, divider } = this;
    const { swipe } = viewer.view;
    this.button.setAttribute("aria-pressed", String(swipe !== null));
    this.button.toggleAttribute("disabled", !pair);
    this.button.title = pair ? "Key W: two masks left and right of a divider" : "Needs two masks";
    const side = swipe ? sideShown(viewer.view) : "";
    if (viewer.host.dataset.swipe !== side) viewer.host.dataset.swipe = side;
    if (!swipe) return;
    this.left.value = swipe.left;
    this.right.value = swipe.right;
    const percent = Math.round(swipe.at * 100);
    divider.style.left = `${percent}%`;
    divider.hidden = side !== "both";
    this.left.classList.toggle("away", side === "right");
    this.right.classList.toggle("away", side === "left");
    divider.setAttribute("aria-valuenow", String(percent));
    const [left, right] = [swipe.left, swipe.right].map((name) => titleOf(viewer.data, viewer.view, name));
    divider.setAttribute("aria-valuetext", `${left} up to ${percent} %, ${right} from there`);
  }
}
