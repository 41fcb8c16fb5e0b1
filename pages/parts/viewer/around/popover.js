/** A button, and what opens under it: deeper settings of a control or a tool. */

import { element } from "./dom.js";
import { reached } from "./focus.js";

/** Between a popover and the viewer's right edge, in CSS pixels. */
const EDGE = 4;

export class Popover {
  /**
   * @param {string} label  read out for what opens
   * @param {HTMLElement} button
   * @param {Node[]} content
   * @param {{stays?: boolean, opened?: () => void, closed?: () => void}} [options]  stays: also while the hand works elsewhere
   */
  constructor(label, button, content, { stays = false, opened, closed } = {}) {
    this.button = button;
    this.opened = opened;
    this.closed = closed;
    button.setAttribute("aria-haspopup", "dialog");
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => this.toggle());
    this.box = element("div", { class: "popover", role: "dialog", "aria-label": label, hidden: "" }, ...content);
    this.element = element("span", { class: "popover-place" }, button, this.box);
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    if (stays) return;
    this.element.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (to instanceof Node && !this.element.contains(to)) this.close(false);
    });
    this.onPress = (/** @type {Event} */ event) => {
      if (!event.composedPath().includes(this.element)) this.close(false);
    };
  }

  get isOpen() {
    return !this.box.hidden;
  }

  toggle() {
    if (this.isOpen) this.close();
    else this.open();
  }

  open() {
    if (this.isOpen) return;
    this.box.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    this.#fit();
    this.opened?.();
    if (this.onPress) window.addEventListener("pointerdown", this.onPress, true);
    const first = reached(this.box)[0];
    first?.focus({ preventScroll: true });
    if (first instanceof HTMLInputElement && first.type === "text") first.select();
  }

  /** @param {boolean} giveBack  the focus returns to the button */
  close(giveBack = true) {
    if (!this.isOpen) return;
    this.box.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (this.onPress) window.removeEventListener("pointerdown", this.onPress, true);
    if (giveBack) this.button.focus({ preventScroll: true });
    this.closed?.();
  }

  /** Keep it inside the viewer. */
  #fit() {
    this.box.style.left = "0";
    const edge = this.element.closest(".segscope-viewer")?.getBoundingClientRect();
    const box = this.box.getBoundingClientRect();
    if (!edge || !box.width) return;
    const scale = this.box.offsetWidth / box.width;
    const over = Math.max(0, box.right - edge.right + EDGE);
    this.box.style.left = `${-Math.min(over, box.left - edge.left) * scale}px`;
  }
}
