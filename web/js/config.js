/**
 * Where to connect, and as whom.
 *
 * The local cloud serves `local/config.json` with a token minted for this request. A page served from anywhere else has
 * no such file: then its reader types addresses and a token, which stay in this tab's session storage.
 */

const STORED = "thinkaloud.connection";

/** Nobody has said yet where to connect: show the form. */
export class NotConfigured extends Error {}

/**
 * `{ws, http?, token, model?, model_note?, local}`, asked for anew on every attempt: browsers hide why a handshake failed, so
 * only a fresh token rules out an expired one.
 *
 * Rejects with NotConfigured where there is neither a local cloud nor anything stored, and with another error where
 * the local cloud is out of reach for now.
 */
export async function loadConnection() {
  const stored = storedConnection();
  if (stored) return stored;
  const answer = await fetch(new URL("local/config.json", document.baseURI), { cache: "no-store" });
  // A page on a bucket may get 403, or its own index.html, for a file that is not there.
  const absent = answer.status === 404 || answer.status === 403;
  if (absent || (answer.ok && !answer.headers.get("content-type")?.includes("json"))) throw new NotConfigured();
  if (!answer.ok) throw new Error(`local/config.json answered ${answer.status}`);
  const config = await answer.json();
  return { ...config, http: config.http && withSlash(config.http), local: true };
}

/** What the reader typed in this tab, or null. */
export function storedConnection() {
  const stored = sessionStorage.getItem(STORED);
  return stored === null ? null : { ...JSON.parse(stored), local: false };
}

/** Keep `{ws, http, token}` in this tab; `http` is null where there is none. */
export function storeConnection({ ws, http, token }) {
  sessionStorage.setItem(STORED, JSON.stringify({ ws, http, token }));
}

/** The WebSocket's address as one to connect to, or null: TLS is required except on this computer. */
export const readAddress = (text) => readUrl(text, "wss:", "ws:");

/** The HTTP API's address, ending with a slash so that paths go below it; or null, for the same reason. */
export function readHttpAddress(text) {
  const url = readUrl(text, "https:", "http:");
  return url && withSlash(url);
}

function readUrl(text, secure, plain) {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const here = ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url.protocol !== secure && !(url.protocol === plain && here)) return null;
  url.hash = "";
  return url.href;
}

const withSlash = (url) => (url.endsWith("/") ? url : `${url}/`);

/** The token without blanks around it, or null where it cannot travel in a subprotocol's name (RFC 6455 wants a token). */
export function readToken(text) {
  const token = text.trim();
  return /^[A-Za-z0-9._~+-]+$/.test(token) ? token : null;
}
