/**
 * The HTTP API as the page uses it: a tenant's documents, and why an answer says what it says.
 *
 * Every method rejects with an ApiError, whose `code` is the server's own, or `unreachable` where nothing answered.
 */

import { locale } from "./strings.js";
import { expiry } from "./token.js";

/** A token that runs out sooner than this is not used any more. */
const MARGIN_MS = 30_000;

export class ApiError extends Error {
  /** `status` is the HTTP status, 0 where there was none; `message` is the server's, for a person. */
  constructor(code, status = 0, message = code) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export class Api {
  #load;
  #connection = null;

  /** `load()` gives `{http, token}`; it is asked again when the token is about to run out. */
  constructor(load) {
    this.#load = load;
  }

  /** A page of the list: `{documents, cursor}`; the cursor, where it is not null, leads to the next. */
  list(cursor = null) {
    return this.#request("GET", `documents?limit=100${cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`}`);
  }

  /** What has become of a document. */
  document(id) {
    return this.#request("GET", documentPath(id));
  }

  /** Announce a file, `{name, bytes, media?}`: `{document, upload}`. A name that is known gets a new version. */
  create(file) {
    return this.#request("POST", "documents", file);
  }

  /** Announce a new version of a document, `{bytes, media?, metadata?}`: `{document, upload}`. */
  replace(id, file) {
    return this.#request("PUT", documentPath(id), file);
  }

  /** Begin to delete a document: `{document}`, whose status is `deleting` until it is gone. */
  remove(id) {
    return this.#request("DELETE", documentPath(id));
  }

  /** How the answer of `turn` came about. */
  audit({ session, id }) {
    return this.#request("GET", `sessions/${encodeURIComponent(session)}/turns/${encodeURIComponent(id)}/audit`);
  }

  async #request(method, path, body) {
    let reply = await this.#send(method, path, body);
    if (reply.code === "unauthorized") {
      // Run out, or this machine's clock is wrong: a fresh token is worth one try.
      this.#connection = null;
      reply = await this.#send(method, path, body);
    }
    if (reply.code === null) return reply.said;
    throw new ApiError(reply.code, reply.status, reply.said?.error?.message);
  }

  async #send(method, path, body) {
    try {
      const { http, token } = await this.#connect();
      const answer = await fetch(new URL(path, http), {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          "Accept-Language": locale(),
          ...(body && { "Content-Type": "application/json" }),
        },
        body: body && JSON.stringify(body),
        cache: "no-store",
      });
      const said = await answer.json().catch(() => null);
      return { status: answer.status, said, code: answer.ok && said !== null ? null : codeOf(answer.status, said) };
    } catch {
      throw new ApiError("unreachable");
    }
  }

  async #connect() {
    const runsOut = this.#connection && expiry(this.#connection.token);
    if (!this.#connection || (runsOut !== null && runsOut < Date.now() + MARGIN_MS)) this.#connection = await this.#load();
    return this.#connection;
  }
}

/** What a refusal means: the API's own code, or what API Gateway says by the status of an answer of its own. */
function codeOf(status, said) {
  if (typeof said?.error?.code === "string") return said.error.code;
  return { 401: "unauthorized", 403: "unauthorized", 404: "not_found", 413: "too_large", 429: "throttled" }[status] ?? "internal";
}

const documentPath = (id) => `documents/${encodeURIComponent(id)}`;
