/** A panel that is carried to another place by its caption. */

import { element } from "../around/dom.js";

/** @import {Panel} from "../drawing/panel.js" */
/** @import {Viewer} from "../viewer.js" */

/** A press that moves less than so many CSS pixels is a click. */
const SLACK = 5;

/** @typedef {(id: string, beside: string, side: "before" | "after") => void} Put */

export class Carry {
  /**
   * @param {Viewer} viewer
   * @param {Put} put
   */
  constructor(viewer, put) {
    this.viewer = viewer;
    this.put = put;
    this.marker = element("i", { class: "columns-marker", "aria-hidden": "true", hidden: "" });
    /** @type {{panel: Panel, button: HTMLElement, pointer: number, x: number, y: number, far: boolean} | null} */
    this.carried = null;
    /** @type {{panel: Panel, side: "before" | "after"} | null} */
    this.over = null;
    this.justCarried = false;
  }

  /**
   * @param {Panel} panel
   * @param {HTMLElement} button
   */
  listen(panel, button) {
    button.addEventListener("pointerdown", (event) => {
      this.justCarried = false;
      if (event.button !== 0) return;
      button.setPointerCapture(event.pointerId);
      this.carried = { panel, button, pointer: event.pointerId, x: event.clientX, y: event.clientY, far: false };
    });
    button.addEventListener("pointermove", (event) => this.#move(event));
    button.addEventListener("pointerup", () => this.#end());
    button.addEventListener("pointercancel", () => this.drop());
  }

  /** Whether the click that follows was a drag. */
  wasCarried() {
    const was = this.justCarried;
    this.justCarried = false;
    return was;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const { carried } = this;
    if (!carried) return;
    carried.far ||= Math.hypot(event.clientX - carried.x, event.clientY - carried.y) >= SLACK;
    if (!carried.far) return;
    carried.panel.element.classList.add("carried");
    this.over = this.#placeAt(event.clientX, event.clientY);
    this.#mark();
  }

  /**
   * @param {number} x
   * @param {number} y
   * @returns {{panel: Panel, side: "before" | "after"} | null}
   */
  #placeAt(x, y) {
    for (const panel of this.viewer.panels) {
      const { left, right, top, bottom } = panel.element.getBoundingClientRect();
      if (x < left || x >= right || y < top || y >= bottom) continue;
      return panel === this.carried?.panel ? null : { panel, side: x < (left + right) / 2 ? "before" : "after" };
    }
    return null;
  }

  #mark() {
    const { over, marker } = this;
    marker.hidden = !over;
    if (!over) return;
    const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = over.panel.element;
    marker.style.left = `${over.side === "before" ? offsetLeft - 3 : offsetLeft + offsetWidth + 1}px`;
    marker.style.top = `${offsetTop}px`;
    marker.style.height = `${offsetHeight}px`;
  }

  #end() {
    const { carried, over } = this;
    this.justCarried = carried?.far ?? false;
    this.drop();
    if (carried?.far && over) this.put(carried.panel.spec.id, over.panel.spec.id, over.side);
  }

  /** Put it back where it was. @returns {boolean} whether one was being carried */
  drop() {
    const { carried } = this;
    carried?.panel.element.classList.remove("carried");
    if (carried?.button.hasPointerCapture(carried.pointer)) carried.button.releasePointerCapture(carried.pointer);
    this.carried = this.over = null;
    this.marker.hidden = true;
    return carried?.far ?? false;
  }
}
