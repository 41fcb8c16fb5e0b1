/** HTTP to our own volume routes. The token travels in a header, never in the address. */

export class Refused extends Error {}
export class Gone extends Error {}
export class Offline extends Error {}

/**
 * @param {string} base
 * @param {string} hash
 * @param {string} path
 * @param {string} token
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 * @throws {Refused | Gone | Offline}
 */
export async function request(base, hash, path, token, options = {}) {
  let response;
  try {
    response = await fetch(`${location.origin}${base}/volumes/${hash}/${path}`, {
      credentials: "same-origin",
      headers: { "X-Segscope-Token": token },
      ...options,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Offline("The server does not answer. Trying again.");
  }
  if (response.ok) return response;
  if (response.status === 403) throw new Refused("This link has expired. Reload the page to open the case again.");
  if (response.status === 404) throw new Gone("This volume is no longer on the server. Reload the page to bring it back.");
  throw new Offline(`The server answered ${response.status}. Trying again.`);
}

/**
 * @param {string} token
 * @returns {number} milliseconds until it expires
 */
export function remainingMs(token) {
  return Number(token.split(".", 1)[0]) * 1000 - Date.now();
}
