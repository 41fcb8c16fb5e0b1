/**
 * Every volume of the page, once: fetched from the slice on screen outwards, shared by all viewers, bounded in memory.
 */

import { Offline, Refused, remainingMs, request } from "./transport.js";
import { requireProtocol } from "./box.js";
import { GrowingVolume } from "./growing_volume.js";
import { LargeVolume } from "./large_volume.js";
import { Volume } from "./volume.js";

/** @import {Manifest, VolumeRef} from "../types.js" */

/** @typedef {Volume | LargeVolume | GrowingVolume} AnyVolume */

/**
 * What a viewer wants first.
 *
 * @typedef {object} Interest
 * @property {() => {slice: number | null, onScreen: Set<string>}} focus  slice null: manifests only, for now
 * @property {(hash: string) => void} changed  called when a volume has news
 */

/**
 * @typedef {object} Entry
 * @property {string} hash
 * @property {string} base
 * @property {string} token
 * @property {AnyVolume | null} volume
 * @property {string | null} trouble  a sentence for the person who waits
 * @property {boolean} hopeless  nothing is asked for again until a new token comes
 * @property {boolean} due  what grows may have grown: its manifest is asked for again
 * @property {Set<string>} pending  paths of pieces on their way
 * @property {Set<Interest>} users
 * @property {number} usedAt
 */

/** Decoded bytes kept for cases that are no longer on screen, so that going back is instant. */
const KEEP_BYTES = 1024 ** 3;
/** A browser opens six connections to one server; two stay free for the page itself. */
const PARALLEL = 4;
/** A volume that is not on screen waits as if it were this many slices away. */
const OFF_SCREEN = 24;
const MANIFEST = "manifest";
const RENEW_EVERY_MS = 10 * 60 * 1000;
/** How long after its last manifest that of a volume which grows is asked for again. */
const GROWS_MS = 300;

/** @type {Map<string, Entry>} */
const entries = new Map();
let running = 0;
let waitMs = 0;
/** @type {ReturnType<typeof setTimeout> | null} */
let pause = null;
/** @type {ReturnType<typeof setInterval> | null} */
let renewal = null;

/**
 * @param {Interest} user
 * @param {string} base
 * @param {VolumeRef} ref
 */
export function acquire(user, base, ref) {
  let entry = entries.get(ref.hash);
  if (!entry) {
    entry = {
      hash: ref.hash,
      base,
      token: ref.token,
      volume: null,
      trouble: null,
      hopeless: false,
      due: false,
      pending: new Set(),
      users: new Set(),
      usedAt: 0,
    };
    entries.set(ref.hash, entry);
  }
  if (ref.token !== entry.token) {
    entry.token = ref.token;
    entry.hopeless = false;
    entry.trouble = null;
  }
  entry.users.add(user);
  renewal ??= setInterval(renew, RENEW_EVERY_MS);
  pump();
}

/**
 * @param {Interest} user
 * @param {Set<string>} [keep]  hashes that the user still wants
 */
export function release(user, keep = new Set()) {
  for (const entry of entries.values()) {
    if (entry.users.has(user) && !keep.has(entry.hash)) {
      entry.users.delete(user);
      entry.usedAt = performance.now();
    }
  }
  letGo();
  if (renewal && ![...entries.values()].some((entry) => entry.users.size)) {
    clearInterval(renewal);
    renewal = null;
  }
}

/**
 * @param {string} hash
 * @returns {Entry | undefined}
 */
export function look(hash) {
  return entries.get(hash);
}

/** What volumes take in this tab. @returns {{shown: number, kept: number, most: number}} bytes; at most `most` are kept */
export function memory() {
  let [shown, kept] = [0, 0];
  for (const { volume, users } of entries.values()) {
    if (users.size) shown += volume?.bytes ?? 0;
    else kept += volume?.bytes ?? 0;
  }
  return { shown, kept, most: KEEP_BYTES };
}

/** The hand has moved: of a very large volume other slabs are wanted than before. */
export function follow() {
  for (const { volume, users } of entries.values()) if (volume instanceof LargeVolume && users.size) return pump();
}

/** Ask for what is wanted most, as far as connections allow. */
export function pump() {
  while (running < PARALLEL && !pause) {
    const job = next();
    if (!job) return;
    running += 1;
    work(job).finally(() => {
      running -= 1;
      pump();
    });
  }
}

/** @typedef {{entry: Entry, path: string}} Job */

/** @returns {Job | null} */
function next() {
  /** @type {Job | null} */
  let best = null;
  let bestScore = Infinity;
  for (const entry of entries.values()) {
    if (entry.hopeless || !entry.users.size) continue;
    const [user] = entry.users;
    const { slice, onScreen } = user.focus();
    const away = onScreen.has(entry.hash) ? 0 : OFF_SCREEN;
    if (!entry.volume) {
      if (!entry.pending.size && away - 1 < bestScore) [best, bestScore] = [{ entry, path: MANIFEST }, away - 1];
      continue;
    }
    if (entry.due && !entry.pending.has(MANIFEST) && away - 1 < bestScore) {
      [best, bestScore] = [{ entry, path: MANIFEST }, away - 1];
    }
    if (slice === null) continue;
    for (const piece of entry.volume.missing(slice)) {
      const score = away + piece.away;
      if (score < bestScore && !entry.pending.has(piece.path)) [best, bestScore] = [{ entry, path: piece.path }, score];
    }
  }
  return best;
}

/** @param {Job} job */
async function work({ entry, path }) {
  const token = entry.token;
  let news = true;
  entry.pending.add(path);
  try {
    const response = await request(entry.base, entry.hash, path, token);
    if (path === MANIFEST) news = learn(entry, await response.json());
    else entry.volume?.accept(path, await response.arrayBuffer());
    entry.trouble = null;
    waitMs = 0;
  } catch (error) {
    fail(entry, token, error);
  } finally {
    entry.pending.delete(path);
  }
  if (news) for (const user of entry.users) user.changed(entry.hash);
}

/**
 * @param {Entry} entry
 * @param {Manifest} manifest  its first, or a newer one of a volume that grows
 * @returns {boolean} whether it says anything new
 */
function learn(entry, manifest) {
  entry.due = false;
  let news = true;
  if (entry.volume instanceof GrowingVolume) news = entry.volume.renewed(manifest);
  else entry.volume = open(entry.hash, manifest);
  if (entry.volume instanceof GrowingVolume && entry.volume.grows) {
    setTimeout(() => {
      entry.due = true;
      pump();
    }, GROWS_MS);
  }
  return news;
}

/**
 * @param {string} hash
 * @param {Manifest} manifest
 * @returns {AnyVolume}
 */
function open(hash, manifest) {
  requireProtocol(manifest);
  const { half, growing } = manifest;
  if (growing) return new GrowingVolume(hash, { ...manifest, growing });
  return half ? new LargeVolume(hash, { ...manifest, half }) : new Volume(hash, manifest);
}

/**
 * @param {Entry} entry
 * @param {string} token
 * @param {unknown} error
 */
function fail(entry, token, error) {
  // a newer token came while the old one was refused: ask again
  if (error instanceof Refused && token !== entry.token) return;
  entry.trouble = error instanceof Error ? error.message : String(error);
  // a body that breaks off in the middle is a TypeError
  entry.hopeless = !(error instanceof Offline || error instanceof TypeError);
  if (!entry.hopeless) {
    waitMs = Math.min(8000, Math.max(500, waitMs * 2));
    pause ??= setTimeout(() => {
      pause = null;
      pump();
    }, waitMs);
  }
}

async function renew() {
  for (const entry of entries.values()) {
    if (!entry.users.size || entry.hopeless || remainingMs(entry.token) > 4 * RENEW_EVERY_MS) continue;
    try {
      const response = await request(entry.base, entry.hash, "token", entry.token, { method: "POST" });
      entry.token = (await response.json()).token;
    } catch {
      // the next round tries again; a volume that is whole needs no token
    }
  }
}

function letGo() {
  const idle = [...entries.values()].filter((entry) => !entry.users.size).sort((a, b) => b.usedAt - a.usedAt);
  let kept = 0;
  for (const entry of idle) {
    kept += entry.volume?.bytes ?? 0;
    if (!entry.volume || kept > KEEP_BYTES) entries.delete(entry.hash);
  }
}
