/** Small helpers for elements and canvases. */

/** @import {Canvas} from "../drawing/paint.js" */

/**
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children  text is set as text, never as markup
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Give a canvas its size in device pixels and remember it in CSS pixels.
 *
 * @param {Canvas} canvas
 * @param {number} width
 * @param {number} height
 */
export function fitCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const surface = canvas.context.canvas;
  const deviceWidth = Math.max(1, Math.round(width * ratio));
  const deviceHeight = Math.max(1, Math.round(height * ratio));
  if (surface.width !== deviceWidth || surface.height !== deviceHeight) {
    surface.width = deviceWidth;
    surface.height = deviceHeight;
  }
  surface.style.width = `${width}px`;
  surface.style.height = `${height}px`;
  canvas.width = width;
  canvas.height = height;
  canvas.ratio = ratio;
}

/** @param {string} word */
export function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}

/**
 * Buttons of which one is pressed.
 *
 * @param {string} label
 * @param {{value: string, text: string, title?: string}[]} options
 * @param {(value: string) => void} choose
 * @returns {{element: HTMLElement, show: (value: string) => void}}
 */
export function segmented(label, options, choose) {
  const buttons = options.map(({ value, text, title }) => {
    const button = element("button", { type: "button", role: "radio", "data-value": value, title: title ?? "" }, text);
    button.addEventListener("click", () => choose(value));
    return button;
  });
  const group = element("div", { class: "segmented", role: "radiogroup", "aria-label": label }, ...buttons);
  group.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const at = buttons.indexOf(/** @type {HTMLElement} */ (event.target));
    const next = buttons[(at + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
  const show = (/** @type {string} */ value) => {
    for (const button of buttons) {
      const on = button.dataset.value === value;
      button.setAttribute("aria-checked", String(on));
      button.tabIndex = on ? 0 : -1;
    }
  };
  return { element: group, show };
}
