/** What can be taken away of what is on screen: a picture, a film, a link. */

import { element } from "../around/dom.js";
import { Popover } from "../around/popover.js";
import { AXIS } from "../drawing/geometry.js";
import { addressOf, writeAddress } from "../page/address.js";
import { Film, filmTrouble } from "./take_away_film.js";
import { composed } from "./take_away_picture.js";

/** @import {Tool} from "./index.js" */
/** @import {Viewer} from "../viewer.js" */

/** Device pixels per CSS pixel of a picture, at least. */
const LEAST_SCALE = 2;
const NOTHING_YET = "Nothing is drawn yet. Try again in a moment.";

/**
 * @param {Viewer} viewer
 * @returns {Tool}
 */
export function takeAway(viewer) {
  const keep = new Keep(viewer);
  return {
    elements: [keep.popover.element, keep.progress],
    shortcuts: [
      { key: "i", label: "I", what: "save a picture of what is shown", run: () => keep.picture() },
      { key: "f", label: "F", what: "record a film to and fro, or stop recording", run: () => keep.film() },
      { key: "u", label: "U", what: "copy a link that opens this view", run: () => keep.link() },
    ],
    show: () => keep.show(),
    escape: () => keep.cancel(),
    stop: () => keep.cancel(),
  };
}

class Keep {
  /** @param {Viewer} viewer */
  constructor(viewer) {
    this.viewer = viewer;
    /** @type {Film | null} */
    this.running = null;
    const item = (/** @type {string} */ text, /** @type {string} */ key, /** @type {() => void} */ run) => {
      const button = element("button", { type: "button", class: "item" }, text, element("kbd", {}, key));
      button.addEventListener("click", run);
      return button;
    };
    this.copy = item("Copy link", "U", () => this.link());
    const attributes = { type: "text", readonly: "", hidden: "", "aria-label": "Link to this view" };
    this.field = /** @type {HTMLInputElement} */ (element("input", attributes));
    this.said = element("p", { class: "said", role: "status", hidden: "" });
    const content = [
      item("Picture (PNG)", "I", () => this.picture()),
      item("Film (WebM)", "F", () => this.film()),
      this.copy,
      this.field,
      this.said,
    ];
    const button = element("button", { type: "button", class: "save-button", title: "Keys I, F, U" }, "Save");
    this.popover = new Popover("Save", button, content, { closed: () => this.#say("") });
    this.popover.element.classList.add("take-away");
    this.share = element("span", { class: "numbers" });
    const cancel = element("button", { type: "button" }, "Cancel");
    cancel.addEventListener("click", () => this.cancel());
    const bar = { class: "recording", role: "progressbar", "aria-label": "Recording", hidden: "" };
    this.progress = element("span", bar, "Recording", this.share, cancel);
  }

  show() {
    this.copy.hidden = this.viewer.data.address === null;
  }

  picture() {
    const scale = Math.max(LEAST_SCALE, window.devicePixelRatio);
    const canvas = composed(this.viewer, scale);
    if (!canvas) return this.#say(NOTHING_YET);
    canvas.toBlob((blob) => {
      if (!blob) return this.#say("This browser could not make the picture. Try a smaller window.");
      download(blob, `${this.#name()}.png`);
      this.popover.close();
    }, "image/png");
  }

  film() {
    if (this.cancel()) return;
    const trouble = filmTrouble();
    if (trouble) return this.#say(trouble);
    const stretch = this.viewer.motion.stretch();
    if (!stretch) return this.#say(NOTHING_YET);
    this.popover.close();
    const name = `${this.#name(`${stretch.first + 1}-${stretch.last + 1}`)}.webm`;
    this.running = new Film(this.viewer, stretch, {
      progress: (share) => this.#progress(share),
      done: (blob) => download(blob, name),
      failed: (sentence) => this.#say(sentence),
    });
    this.running.start();
  }

  /** @returns {boolean} whether a film was being recorded */
  cancel() {
    const { running } = this;
    running?.cancel();
    return running !== null;
  }

  async link() {
    const { viewer } = this;
    if (viewer.data.address === null || !viewer.settled) return;
    writeAddress(viewer.data, viewer.view, viewer.opened);
    const address = addressOf(viewer.data, viewer.view, viewer.opened);
    try {
      // only where the page came over https, or from this machine
      await navigator.clipboard.writeText(address);
      this.#say("The link is on the clipboard.");
    } catch {
      this.#say("This browser keeps the clipboard to itself here: copy the link from this field.");
      this.field.value = address;
      this.field.hidden = false;
      this.field.focus();
      this.field.select();
    }
  }

  /** @param {number | null} share  0 to 1; null is over */
  #progress(share) {
    this.progress.hidden = share === null;
    if (share === null) this.running = null;
    else {
      this.share.textContent = `${Math.round(share * 100)} %`;
      this.progress.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    }
  }

  /** @param {string} sentence */
  #say(sentence) {
    const { viewer } = this;
    this.said.textContent = sentence;
    this.said.hidden = !sentence;
    this.field.hidden = true;
    if (!sentence || this.popover.isOpen) return;
    if (viewer.data.tools && !viewer.view.toolsOpen) viewer.toggleTools();
    this.popover.open();
  }

  /** Of the case, the plane and the slice: what stands on the page. @param {string} [slices] */
  #name(slices) {
    const { data, view } = this.viewer;
    const plane = this.viewer.attention.plane();
    const title = data.case_title.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[-.]+|-+$/g, "").slice(0, 80);
    return ["segscope", title || "case", plane, slices ?? String(view.cursor[AXIS[plane]] + 1)].join("-");
  }
}

/**
 * @param {Blob} blob
 * @param {string} name
 */
function download(blob, name) {
  const href = URL.createObjectURL(blob);
  const link = element("a", { href, download: name });
  link.click();
  // the browser reads it a little later
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
