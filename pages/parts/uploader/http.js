/** HTTP to our upload routes. The token travels in a header, never in the address. */

/** The server said no, in a sentence for the person who sends. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} sentence
   * @param {number} [offset]  where a file's bytes should go on
   */
  constructor(status, sentence, offset) {
    super(sentence);
    this.status = status;
    this.offset = offset;
  }
}

/** The server did not answer at all. */
export class Offline extends Error {}

const RENEW_BEFORE_MS = 15 * 60 * 1000;
const SENTENCES = {
  403: "This page has been open for too long. Reload it and choose the same files again; the upload goes on.",
  404: "The upload is no longer on the server. Start it again.",
};

export class Http {
  /**
   * @param {string} base
   * @param {string} token
   */
  constructor(base, token) {
    this.base = base;
    this.token = token;
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async ask(method, path, body) {
    let response;
    try {
      response = await fetch(this.address(path), {
        method,
        credentials: "same-origin",
        headers: { "X-Segscope-Token": this.token },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
    } catch {
      throw new Offline("The server does not answer.");
    }
    const said = await response.json().catch(() => ({}));
    if (!response.ok) throw refusal(response.status, said);
    return said;
  }

  /**
   * Send one piece of a file.
   *
   * @param {string} path
   * @param {number} offset
   * @param {Blob} piece
   * @param {(bytes: number) => void} onProgress
   * @param {AbortSignal} signal
   * @returns {Promise<number>} where the next piece starts
   */
  put(path, offset, piece, onProgress, signal) {
    // fetch does not say how much of a request has left
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const stop = () => request.abort();
      request.open("PUT", this.address(path));
      request.responseType = "json";
      request.setRequestHeader("X-Segscope-Token", this.token);
      request.setRequestHeader("Upload-Offset", String(offset));
      request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
      request.addEventListener("loadend", () => {
        signal.removeEventListener("abort", stop);
        if (request.status === 200) resolve(request.response.offset);
        else if (request.status) reject(refusal(request.status, request.response ?? {}));
        else reject(new Offline("The server does not answer."));
      });
      signal.addEventListener("abort", stop);
      if (signal.aborted) reject(new Offline("Nothing was sent."));
      else request.send(piece);
    });
  }

  async renew() {
    if (Number(this.token.split(".", 1)[0]) * 1000 - Date.now() > RENEW_BEFORE_MS) return;
    this.token = (await this.ask("POST", "token")).token;
  }

  /** @param {string} path */
  address(path) {
    return `${location.origin}${this.base}/uploads/${path}`;
  }
}

/**
 * @param {number} status
 * @param {{error?: string, offset?: number}} said
 */
function refusal(status, said) {
  const sentence = said.error ? `${said.error[0].toUpperCase()}${said.error.slice(1)}.` : undefined;
  const known = SENTENCES[/** @type {403 | 404} */ (status)];
  return new Refused(status, sentence ?? known ?? `The server answered ${status}.`, said.offset);
}
