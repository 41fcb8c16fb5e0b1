/** The viewer: one view, several panels that share it, and what binds them to volumes, hands, keys and page. */

import { Attention } from "./attention.js";
import { readAddress } from "./page/address.js";
import { fitCanvas } from "./around/dom.js";
import { Furniture } from "./around/furniture.js";
import * as library from "./data/library.js";
import { isMap } from "./drawing/maps.js";
import { dressed, preferredPalette } from "./around/palette.js";
import { keep, recall, sameButTokens } from "./page/memory.js";
import { Motion } from "./hands/motion.js";
import { groundOf, openingVoxel } from "./opening.js";
import { prefersStillness } from "./hands/play.js";
import { Tally, referenceOf } from "./around/story.js";
import { loadedShare, troubleOf } from "./data/supply.js";
import { Sources } from "./sources.js";
import { Teller } from "./page/telling.js";
import { firstView, kept, toSlice } from "./view.js";
import { TOOLS } from "./tools/index.js";
import { BY_HAND, presetsFor } from "./drawing/window.js";

/** @import {Ground} from "./opening.js" */
/** @import {Panel} from "./drawing/panel.js" */
/** @import {Plane, Triple, View, ViewerData} from "./types.js" */

/** @typedef {(view: object) => void} Report */

export class Viewer {
  /**
   * @param {HTMLElement} host
   * @param {ViewerData} data
   * @param {Report} report
   */
  constructor(host, data, report) {
    this.host = host;
    this.data = dressed(data, preferredPalette());
    this.report = report;
    this.view = firstView(data, {});
    /** @type {Ground | null} */
    this.ground = null;
    /** @type {number | null} */
    this.askedSlice = null;
    /** @type {Triple | null} */
    this.askedCursor = null;
    /** To a voxel, by a button of the page. */
    this.sent = false;
    /** Where the crosshair is when nothing was asked for. @type {Triple | null} */
    this.opened = null;
    this.settled = false;
    /** @type {Panel[]} */
    this.panels = [];
    this.sources = new Sources(this);
    this.attention = new Attention(this);
    this.tally = new Tally((name) => this.sources.mask(name));
    this.frame = 0;
    /** In most frames nothing but the crosshair has moved, and no word on the page is another. */
    this.news = true;
    /** @type {Set<string>} */
    this.wanted = new Set();
    this.motion = new Motion(this);
    this.teller = new Teller(this);
    this.tools = TOOLS.map((make) => make(this));
    this.furniture = new Furniture(this);
    this.open(true);
    this.onResize = () => this.arrange();
    this.resizes = new ResizeObserver(this.onResize);
    this.resizes.observe(host);
    window.addEventListener("resize", this.onResize);
  }

  /**
   * Python ran again: the same case keeps its view, another one opens.
   *
   * @param {ViewerData} given
   * @param {Report} report
   */
  update(given, report) {
    const data = dressed(given, preferredPalette());
    const same = sameButTokens(data, this.data);
    const another = data.subject !== this.data.subject;
    if (another) this.remember();
    this.report = report;
    const asks = data.report && !this.data.report;
    this.sources.replace(this.data.masks, data.masks);
    this.data = data;
    if (asks) this.teller.moved();
    if (same) this.#acquire();
    else this.open(another);
    if (!same) this.teller.shown();
  }

  destroy() {
    this.remember();
    this.motion.stop();
    this.teller.stop();
    this.furniture.reading.stop();
    for (const tool of this.tools) tool.stop?.();
    this.sources.thresholded.stop();
    cancelAnimationFrame(this.frame);
    this.resizes.disconnect();
    window.removeEventListener("resize", this.onResize);
    library.release(this);
    this.host.replaceChildren();
  }

  remember() {
    if (this.settled) keep(this.data.subject, this.view);
  }

  /** @param {boolean} another  case than before */
  open(another) {
    const { data } = this;
    if (another) this.#enter();
    const names = Object.keys(data.images);
    if (!names.includes(this.view.image)) this.view.image = names[0] ?? "";
    if (this.view.visible.length !== data.regions.length) this.view.visible = data.regions.map(() => true);
    this.view.errorRegion = Math.min(this.view.errorRegion, Math.max(0, data.regions.length - 1));
    const refs = [...Object.values(data.images), ...Object.values(data.masks)];
    this.wanted = new Set(refs.map((ref) => ref.hash));
    if (another) this.sources.forget();
    const kept = this.sources.asked().map((ref) => ref.hash);
    library.release(this, new Set([...this.wanted, ...kept]));
    this.sources.slices.keepOnly(this.wanted);
    this.#acquire();
    this.furnish();
    if (another && data.autoplay && !prefersStillness()) this.motion.setPlaying(true);
  }

  /** Make the panels anew: other ones are asked for, or in another order. */
  furnish() {
    this.panels = this.furniture.furnish();
    this.attention.forget();
    for (const tool of this.tools) tool.furnish?.();
    this.settle();
    this.arrange();
  }

  #acquire() {
    const { images, masks, base } = this.data;
    const refs = [...Object.values(images), ...Object.values(masks), ...this.sources.asked()];
    for (const ref of refs) library.acquire(this, base, ref);
  }

  #enter() {
    this.motion.setPlaying(false);
    const { plane, slice, cursor } = this.data.initial;
    // the address still says where the reader was who is sent to a voxel
    const sent = Boolean(this.panels.length && cursor);
    const place = sent ? {} : readAddress(this.data);
    const known = Object.keys(place).length ? undefined : recall(this.data.subject);
    const before = this.panels.length ? kept(this.view) : {};
    const looked = sent ? { ...this.view, plane, centre: null } : {};
    this.view = { ...(known ?? firstView(this.data, place)), ...looked, ...before };
    this.askedSlice = sent ? null : (place.slice ?? slice);
    this.askedCursor = (sent ? cursor : place.cursor) ?? null;
    this.sent = sent;
    this.opened = null;
    this.settled = known !== undefined && !sent;
    this.ground = null;
  }

  /** As volumes say how large they are: the grid, then a crosshair where there is something to see. */
  settle() {
    const manifests = (/** @type {"images" | "masks"} */ kind) =>
      Object.keys(this.data[kind]).flatMap((name) => this.sources.volume(kind, name)?.manifest ?? []);
    const images = manifests("images");
    const known = images.length ? images : manifests("masks");
    if (!known.length) return;
    const before = this.ground;
    this.ground = groundOf(known);
    // who watches the newest stop sees the next one when it comes
    if (this.data.stops && before && this.view.cursor[2] === before.shape[2] - 1) {
      this.view.cursor = [this.view.cursor[0], this.view.cursor[1], this.ground.shape[2] - 1];
    }
    this.furniture.controls?.allowPlanes(Math.min(...this.ground.shape) > 1);
    this.arrange();
    if (this.settled) return;
    const reference = referenceOf(this.data);
    const opening = reference === null ? undefined : library.look(this.data.masks[reference]?.hash);
    if (opening && !opening.volume && !opening.trouble) return;
    const peaks = opening?.volume?.manifest.peaks ?? null;
    this.opened = openingVoxel(this.ground, peaks, this.view.plane, null);
    const near = this.askedCursor ?? peaks;
    this.view.cursor = openingVoxel(this.ground, near, this.view.plane, this.askedSlice);
    this.settled = true;
    if (this.sent) this.teller.moved();
    else this.teller.shown();
    library.pump();
  }

  // What the library asks.

  focus() {
    /** @type {Set<string>} */
    const onScreen = new Set();
    for (const panel of this.panels) {
      onScreen.add(this.data.images[panel.imageIn(this.view)]?.hash);
      for (const name of [panel.spec.mask, panel.spec.beside]) if (name) onScreen.add(this.data.masks[name]?.hash);
    }
    return { slice: this.settled ? this.view.cursor[2] : null, onScreen };
  }

  changed() {
    this.settle();
    this.draw();
  }

  // What can be asked of the viewer.

  /** @param {Partial<View>} patch */
  set(patch) {
    this.view = { ...this.view, ...patch };
    if (Object.keys(patch).some((name) => name !== "cursor")) this.news = true;
    this.#next();
    if (patch.cursor) library.follow();
    if (!this.view.playing) this.teller.moved();
  }

  /** @param {Plane} plane @param {number} slice */
  goTo(plane, slice) {
    if (this.ground) this.set(toSlice(this.view, plane, slice, this.ground.shape));
  }

  touched() {
    if (this.view.playing) this.motion.setPlaying(false);
  }

  toggleTools() {
    if (!this.data.tools) return;
    this.set({ toolsOpen: !this.view.toolsOpen });
    // the row takes height from the panels
    this.furniture.show();
    this.arrange();
  }

  toggleHelp() {
    this.set({ help: !this.view.help });
  }

  /** @param {[number, number]} range  of the chosen image, typed or dragged */
  setWindow(range) {
    this.set({ windows: { ...this.view.windows, [this.view.image]: { name: BY_HAND, range } } });
  }

  /** @param {string} name */
  choosePreset(name) {
    const { image } = this.view;
    const preset = presetsFor(this.data.images[image]?.kind).find((each) => each.name === name);
    const whole = this.sources.volume("images", image)?.manifest.range;
    if (!preset || !whole) return this.draw();
    const chosen = name === "auto" ? undefined : { name, range: preset.range(this.sources.automatic(image), whole) };
    this.set({ windows: { ...this.view.windows, [image]: chosen } });
  }

  // One frame.

  /** Something may have changed that is not in the view. */
  draw() {
    this.news = true;
    this.#next();
  }

  #next() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.#paint();
    });
  }

  arrange() {
    this.furniture.arrange();
    const { canvas } = this.panels[0] ?? {};
    if (!canvas) return;
    fitCanvas(this.sources.sheet, canvas.width, canvas.height);
    // at once: a canvas that got another size is empty
    this.news = true;
    this.#paint();
  }

  #paint() {
    const started = performance.now();
    const { news } = this;
    this.news = false;
    const scene = this.sources.scene();
    for (const panel of this.panels) {
      if (news) panel.caption(this.view, this.data.regions, isMap(panel.spec) ? this.sources.map(panel.spec) : null);
      if (scene) {
        const placement = panel.draw(scene);
        for (const tool of this.tools) tool.paint?.(panel, scene, placement);
      }
      if (news) panel.say(troubleOf(this, panel));
    }
    this.attention.read();
    this.furniture.follow();
    if (news) this.furniture.show();
    for (const tool of this.tools) {
      if (news) tool.show?.();
      tool.follow?.();
    }
    const loaded = loadedShare(this.wanted);
    if (news) this.furniture.showProgress(loaded);
    this.teller.mark(performance.now() - started, loaded);
  }
}
