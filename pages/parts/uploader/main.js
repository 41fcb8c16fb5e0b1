/** What a visitor sees of an upload: where to drop, how far it is, and how to stop it or go on. */

import { fromDrop, fromInput } from "./gather.js";
import { Http } from "./http.js";
import { Transfer } from "./transfer.js";
import { files, left, percent, size } from "./words.js";

/** @import {Picked} from "./gather.js" */

const WORDS = { sending: "Sending", offline: "Waiting with", paused: "Paused:", failed: "Stopped:", done: "Sent" };
const DRAW_EVERY_MS = 120;

/**
 * The upload of this page. It stands here and not in the view, because it goes on while another page of the app is
 * shown and the view is gone.
 *
 * @type {{transfer: Transfer | null}}
 */
const kept = { transfer: null };

window.addEventListener("beforeunload", (event) => {
  if (kept.transfer && ["sending", "offline"].includes(kept.transfer.state)) event.preventDefault();
});

export class Uploader {
  /**
   * @param {HTMLElement} host
   * @param {any} data
   * @param {(name: string, value: string) => void} tell
   */
  constructor(host, data, tell) {
    this.host = host;
    this.listening = new AbortController();
    this.problem = "";
    this.busy = false;
    this.told = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.parts = build(host, {
      take: (picked) => this.take(picked),
      hold: () => this.hold(),
      drop: () => this.cancel(),
      check: () => this.tell("uploaded", this.data.pending.id),
    });
    this.update(data, tell);
    if (kept.transfer) this.follow(kept.transfer);
    this.draw();
    host.dataset.ready = "true";
  }

  /**
   * @param {any} data
   * @param {(name: string, value: string) => void} tell
   */
  update(data, tell) {
    this.data = data;
    this.tell = tell;
    if (kept.transfer) kept.transfer.http.token = data.token;
    this.draw();
  }

  destroy() {
    this.listening.abort();
  }

  /** @param {Picked[]} picked */
  async take(picked) {
    if (this.busy) return;
    if (!picked.length) return this.say("There is no file in it. Choose a folder with scans, or the files themselves.");
    this.busy = true;
    this.say("");
    const http = new Http(this.data.base, this.data.token);
    const { pending, piece_bytes: pieceBytes } = this.data;
    try {
      const transfer = pending
        ? await Transfer.resume(http, pending.id, picked, pieceBytes)
        : await Transfer.start(http, picked);
      kept.transfer = transfer;
      this.follow(transfer);
      transfer.go();
    } catch (error) {
      this.say(/** @type {Error} */ (error).message);
    } finally {
      this.busy = false;
      this.draw();
    }
  }

  /** @param {Transfer} transfer */
  follow(transfer) {
    transfer.addEventListener("change", () => this.soon(), { signal: this.listening.signal });
  }

  /** Draw a few times a second, however many pieces arrive; not by frames, which a hidden tab has none of. */
  soon() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      if (!this.listening.signal.aborted) this.draw();
    }, DRAW_EVERY_MS);
  }

  hold() {
    const { transfer } = kept;
    if (transfer?.state === "sending" || transfer?.state === "offline") transfer.pause();
    else transfer?.go();
  }

  async cancel() {
    const { transfer } = kept;
    const id = transfer?.id ?? this.data.pending?.id;
    kept.transfer = null;
    if (transfer) await transfer.cancel();
    else await new Http(this.data.base, this.data.token).ask("DELETE", id).catch(() => {});
    this.data.pending = null;
    this.tell("discarded", id);
    this.draw();
  }

  /** @param {string} problem */
  say(problem) {
    this.problem = problem;
    this.draw();
  }

  draw() {
    const { transfer } = kept;
    const pending = transfer ? null : this.data.pending;
    this.host.dataset.state = transfer?.state ?? (pending ? "pending" : "empty");
    if (transfer) drawTransfer(this.parts, transfer);
    else drawEmpty(this.parts, pending, this.data.hint);
    this.parts.check.textContent = this.data.action;
    this.parts.problem.textContent = this.problem;
    this.parts.problem.hidden = !this.problem;
    if (transfer?.state === "done" && this.told !== transfer.id) {
      this.told = transfer.id;
      kept.transfer = null;
      this.parts.title.textContent = `${files(transfer.files.length)}, ${size(transfer.total)}: all sent`;
      this.tell("uploaded", transfer.id);
    }
  }
}

/**
 * @param {any} parts
 * @param {Transfer} transfer
 */
function drawTransfer(parts, transfer) {
  const { state, sent, total, share, speed } = transfer;
  const going = state === "sending" || state === "offline";
  parts.zone.dataset.mode = "sending";
  parts.title.textContent = `${WORDS[state]} ${files(transfer.files.length)}`;
  parts.share.textContent = percent(share);
  parts.bar.style.setProperty("--share", String(share));
  parts.track.setAttribute("aria-valuenow", String(Math.floor(share * 100)));
  const facts = [`${size(sent)} of ${size(total)}`];
  if (state === "sending" && speed) facts.push(`${size(speed)}/s`, left(transfer.remainingS));
  if (state === "failed" || state === "offline") facts.push(transfer.trouble);
  parts.facts.textContent = facts.filter(Boolean).join(" · ");
  parts.facts.dataset.bad = String(state === "failed");
  parts.hold.textContent = going ? "Pause" : "Resume";
  parts.drop.textContent = "Cancel";
}

/**
 * @param {any} parts
 * @param {{files: number, bytes: number, received: number, complete: boolean} | null} pending
 * @param {string} hint
 */
function drawEmpty(parts, pending, hint) {
  parts.zone.dataset.mode = pending ? (pending.complete ? "ready" : "pending") : "empty";
  parts.drop.textContent = "Discard";
  parts.share.textContent = "";
  parts.facts.dataset.bad = "false";
  if (!pending) {
    parts.title.textContent = "Drop a folder, files or a zip";
    parts.facts.textContent = hint;
    return;
  }
  const share = pending.bytes ? pending.received / pending.bytes : 1;
  parts.bar.style.setProperty("--share", String(share));
  parts.track.setAttribute("aria-valuenow", String(Math.floor(share * 100)));
  parts.share.textContent = percent(share);
  parts.title.textContent = pending.complete
    ? `${files(pending.files)}, ${size(pending.bytes)}: all here`
    : `An upload of ${files(pending.files)} stopped at ${size(pending.received)} of ${size(pending.bytes)}`;
  parts.facts.textContent = pending.complete ? "" : "Drop or choose the same files again: it goes on where it stopped.";
}

/**
 * @param {HTMLElement} host
 * @param {{take: (picked: Picked[]) => void, hold: () => void, drop: () => void, check: () => void}} hands
 */
function build(host, hands) {
  host.innerHTML = `
    <div class="zone" data-mode="empty">
      <div class="line"><strong class="title" aria-live="polite"></strong><span class="share"></span></div>
      <div class="track" role="progressbar" aria-label="Uploaded" aria-valuemin="0" aria-valuemax="100">
        <i class="bar"></i>
      </div>
      <div class="facts"></div>
      <div class="buttons">
        <button type="button" class="choose">Choose files</button>
        <button type="button" class="choose-folder">Choose a folder</button>
        <button type="button" class="check primary"></button>
        <button type="button" class="hold"></button>
        <button type="button" class="drop"></button>
      </div>
      <input class="files" type="file" multiple hidden aria-label="Files">
      <input class="folder" type="file" webkitdirectory hidden aria-label="Folder">
    </div>
    <p class="problem" role="alert" hidden></p>`;
  const one = (/** @type {string} */ name) => /** @type {any} */ (host.querySelector(`.${name}`));
  const zone = one("zone");
  for (const [button, input] of [["choose", "files"], ["choose-folder", "folder"]]) {
    one(button).addEventListener("click", () => one(input).click());
    one(input).addEventListener("change", () => {
      const picked = fromInput(one(input).files);
      one(input).value = "";
      hands.take(picked);
    });
  }
  one("hold").addEventListener("click", hands.hold);
  one("drop").addEventListener("click", hands.drop);
  one("check").addEventListener("click", hands.check);
  const over = (/** @type {DragEvent} */ event, /** @type {boolean} */ on) => {
    event.preventDefault();
    zone.classList.toggle("over", on);
  };
  zone.addEventListener("dragover", (/** @type {DragEvent} */ event) => over(event, true));
  zone.addEventListener("dragleave", (/** @type {DragEvent} */ event) => over(event, false));
  zone.addEventListener("drop", async (/** @type {DragEvent} */ event) => {
    over(event, false);
    if (event.dataTransfer) hands.take(await fromDrop(event.dataTransfer));
  });
  const names = ["title", "share", "track", "bar", "facts", "check", "hold", "drop", "problem"];
  return Object.fromEntries([["zone", zone], ...names.map((name) => [name, one(name)])]);
}
