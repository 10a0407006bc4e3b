/** One file to the address that the HTTP API gave for it. `fetch` tells nothing of how far it is: hence XMLHttpRequest. */

import { ApiError } from "./api.js";

/** Headers that a browser sets by itself and lets nobody else set. */
const BROWSERS_OWN = new Set(["content-length", "host"]);

/**
 * Send `file` to `{method, url, headers}`; `onProgress(bytes)` is told how much has gone, and `signal` breaks it off.
 *
 * Rejects with ApiError: `upload_expired` where the address is not good any more, `upload_broken` where the file did not
 * arrive, `upload_stopped` after the signal.
 */
export function send(file, { method, url, headers }, { onProgress, signal }) {
  const request = new XMLHttpRequest();
  return new Promise((settle, reject) => {
    const fail = (code) => () => reject(new ApiError(code, request.status));
    if (signal.aborted) return fail("upload_stopped")();
    signal.addEventListener("abort", () => request.abort());
    request.upload.addEventListener("progress", ({ loaded }) => onProgress(loaded));
    request.addEventListener("error", fail("upload_broken"));
    request.addEventListener("abort", fail("upload_stopped"));
    request.addEventListener("load", () => {
      // 412: the address takes one file, and has it. The answer to an earlier attempt was lost.
      if (request.status < 300 || request.status === 412) settle();
      else fail(request.status === 403 ? "upload_expired" : "upload_broken")();
    });
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) {
      if (!BROWSERS_OWN.has(name.toLowerCase())) request.setRequestHeader(name, value);
    }
    request.send(file);
  });
}
