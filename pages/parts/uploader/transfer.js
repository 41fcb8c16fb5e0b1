/** One upload on its way: pieces of several files at a time, from wherever the server says they ended. */

import { Offline, Refused } from "./http.js";

/** @import {Http} from "./http.js" */
/** @import {Picked} from "./gather.js" */

/** @typedef {{file: File, size: number, offset: number, flying: number}} Sending */
/** @typedef {"sending" | "paused" | "offline" | "done" | "failed"} State */

const LANES = 4;
const SPEED_OVER_MS = 6000;
const PATIENCE_MS = [1000, 2000, 4000, 8000, 15000];

export class Transfer extends EventTarget {
  /**
   * @param {Http} http
   * @param {string} id
   * @param {Sending[]} files  in the order in which they were announced
   * @param {number} pieceBytes
   */
  constructor(http, id, files, pieceBytes) {
    super();
    this.http = http;
    this.id = id;
    this.files = files;
    this.pieceBytes = pieceBytes;
    this.total = files.reduce((sum, { size }) => sum + size, 0);
    this.arrived = files.reduce((sum, { offset }) => sum + offset, 0);
    this.next = 0;
    /** @type {State} */
    this.state = "paused";
    this.trouble = "";
    /** @type {[number, number][]} time and bytes sent by then */
    this.samples = [];
    this.stop = new AbortController();
    /** @type {Sending[]} what the lanes have in hand */
    this.aloft = [];
  }

  /**
   * @param {Http} http
   * @param {Picked[]} picked
   */
  static async start(http, picked) {
    const files = picked.map(({ name, file }) => ({ name, size: file.size }));
    const { id, piece_bytes: pieceBytes } = await http.ask("POST", "new", { files });
    return new Transfer(http, id, picked.map(({ file }) => sending(file, 0)), pieceBytes);
  }

  /**
   * Go on with an upload that an earlier page began.
   *
   * @param {Http} http
   * @param {string} id
   * @param {Picked[]} picked
   * @param {number} pieceBytes
   * @throws {Refused} these are other files
   */
  static async resume(http, id, picked, pieceBytes) {
    const { files } = await http.ask("GET", id);
    // a part of the folder, or the folder above it, may have been chosen this time
    const here = new Map(picked.map(({ name, file }) => [`${file.size} ${last(name)}`, file]));
    for (const { name, file } of picked) here.set(`${file.size} ${name}`, file);
    const found = files.map(
      (/** @type {any} */ { name, size }) => here.get(`${size} ${name}`) ?? here.get(`${size} ${last(name)}`),
    );
    const missing = found.filter((/** @type {any} */ file) => !file).length;
    if (missing) {
      const what = missing === files.length ? "None of its files is" : `${missing} of its files are not`;
      throw new Refused(0, `${what} among these. Choose what you chose then, or discard it and start anew.`);
    }
    const sent = files.map((/** @type {any} */ { received }, /** @type {number} */ at) => sending(found[at], received));
    return new Transfer(http, id, sent, pieceBytes);
  }

  get sent() {
    return this.arrived + this.aloft.reduce((sum, { flying }) => sum + flying, 0);
  }

  get share() {
    return this.total ? this.sent / this.total : Number(this.state === "done");
  }

  /** Bytes per second of the last few seconds, or null. */
  get speed() {
    const now = performance.now();
    this.samples = this.samples.filter(([time]) => now - time < SPEED_OVER_MS);
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    if (!first || !last || last[0] - first[0] < 500) return null;
    return ((last[1] - first[1]) / (last[0] - first[0])) * 1000;
  }

  get remainingS() {
    const speed = this.speed;
    return speed ? (this.total - this.sent) / speed : null;
  }

  /** Send until everything is there; ends early when it is paused or cancelled. */
  async go() {
    if (this.state === "sending" || this.state === "done") return;
    this.stop = new AbortController();
    this.samples = [];
    this.next = 0;
    this.become("sending");
    const { signal } = this.stop;
    try {
      await Promise.all(Array.from({ length: LANES }, () => this.lane(signal)));
      if (!signal.aborted) this.become("done");
    } catch (error) {
      if (signal.aborted) return;
      this.stop.abort();
      this.become("failed", /** @type {Error} */ (error).message);
    }
  }

  pause() {
    this.stop.abort();
    this.become("paused");
    this.ask().catch(() => {});
  }

  /** Learn how much has really arrived: what was on the line when it was cut is partly there. */
  async ask() {
    const { files } = await this.http.ask("GET", this.id);
    if (this.state !== "paused") return;
    files.forEach((/** @type {any} */ { received }, /** @type {number} */ at) => this.landed(this.files[at], received));
    this.dispatchEvent(new Event("change"));
  }

  async cancel() {
    this.pause();
    await this.http.ask("DELETE", this.id).catch(() => {});
  }

  /** @param {AbortSignal} signal */
  async lane(signal) {
    while (!signal.aborted) {
      const index = this.next++;
      const each = this.files[index];
      if (!each) return;
      each.flying = 0;
      this.aloft.push(each);
      try {
        while (each.offset < each.size && !signal.aborted) await this.piece(each, index, signal);
      } finally {
        this.aloft = this.aloft.filter((other) => other !== each);
      }
    }
  }

  /**
   * @param {Sending} each
   * @param {number} index
   * @param {AbortSignal} signal
   */
  async piece(each, index, signal) {
    const path = `${this.id}/${index}`;
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        await this.http.renew();
        const piece = each.file.slice(each.offset, each.offset + this.pieceBytes);
        this.landed(each, await this.http.put(path, each.offset, piece, (bytes) => this.flew(each, bytes), signal));
        if (this.state === "offline") this.become("sending");
        this.note();
        return;
      } catch (error) {
        each.flying = 0;
        if (signal.aborted) return;
        if (error instanceof Refused && error.offset !== undefined) {
          this.landed(each, error.offset);
          return;
        }
        if (!(error instanceof Offline)) throw error;
        await readable(each.file);
        this.become("offline", "The server does not answer. It goes on by itself when it is back.");
        await pause(PATIENCE_MS[Math.min(attempt, PATIENCE_MS.length - 1)], signal);
      }
    }
  }

  /**
   * @param {Sending} each
   * @param {number} bytes
   */
  flew(each, bytes) {
    each.flying = Math.min(bytes, each.size - each.offset);
    this.note();
  }

  /**
   * @param {Sending} each
   * @param {number} offset
   */
  landed(each, offset) {
    this.arrived += offset - each.offset;
    each.offset = offset;
    each.flying = 0;
  }

  note() {
    const now = performance.now();
    if (now - (this.samples.at(-1)?.[0] ?? 0) > 200) this.samples.push([now, this.sent]);
    this.dispatchEvent(new Event("change"));
  }

  /**
   * @param {State} state
   * @param {string} [trouble]
   */
  become(state, trouble = "") {
    this.state = state;
    this.trouble = trouble;
    this.dispatchEvent(new Event("change"));
  }
}

/**
 * @param {File} file
 * @param {number} offset
 * @returns {Sending}
 */
function sending(file, offset) {
  return { file, size: file.size, offset, flying: 0 };
}

/** @param {string} name */
function last(name) {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** @param {File} file */
async function readable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
  } catch {
    throw new Error("A file was changed or moved while it was being sent. Choose the files again.");
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 */
function pause(milliseconds, signal) {
  return new Promise((done) => {
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), done(undefined)), { once: true });
  });
}
