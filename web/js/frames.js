/**
 * Text off the wire -> frames, and the frames a client sends. Pure: see docs/protocol.md for what each means.
 */

export const SUBPROTOCOL = "thinkaloud.v1";

/** Longest question in characters (code points), the server's own limit. */
export const MAX_QUESTION = 8000;

/** A fresh id of 32 hexadecimal digits, for sessions, turns and messages. */
export const newId = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
};

/**
 * Read one message of the socket: the frame, or null for what is not a JSON object.
 *
 * API Gateway's own errors have `message` and no `type`; they come back as `{type: "gateway", message, requestId}`.
 */
export function readFrame(data) {
  let value;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return null;
  if (typeof value.type === "string") return value;
  return typeof value.message === "string" ? { ...value, type: "gateway" } : null;
}

/** `re` of the answer names the turn, so that a refused question is found again. */
export const ask = (turn, locale) => ({
  action: "ask",
  id: turn.id,
  session: turn.session,
  turn: turn.id,
  message: { id: turn.message, text: turn.question },
  locale,
  ...(turn.replaces && { replaces: turn.replaces }),
});

/** End a turn early. The reply's `re` starts with `stop-`. */
export const stop = (turn) => ({ action: "stop", id: `stop-${turn.id}`, session: turn.session, turn: turn.id });

/** Send me what came after the last frame I have. The reply's `re` starts with `resume-`. */
export const resume = (turn) => ({
  action: "resume",
  id: `resume-${turn.id}`,
  session: turn.session,
  turn: turn.id,
  after: turn.seq,
});

/** A fresh token of the same user, before the connection's own runs out. Nobody waits for the reply. */
export const auth = (token) => ({ action: "auth", id: "auth", token });

/** Restarts the gateway's ten idle minutes. It has an id so that no error it gets is taken for a question's. */
export const ping = () => ({ action: "ping", id: "ping" });
