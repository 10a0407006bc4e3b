/**
 * One WebSocket that is always being kept: dialled, watched for silence, dialled again with growing pauses.
 *
 * States, as `{name, ...}`: connecting, open, waiting `{until, failures}`, offline, unconfigured.
 */

import { NotConfigured } from "./config.js";
import { Joiner } from "./fragments.js";
import { auth, ping, readFrame, SUBPROTOCOL } from "./frames.js";
import { expiry } from "./token.js";

const HANDSHAKE_MS = 15_000;
/** The gateway closes a connection after 10 idle minutes; and the reply to a ping may be that it is time to rotate. */
const PING_MS = 5 * 60_000;
const PONG_MS = 15_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** So long before its token runs out, a connection is handed a fresh one. */
const RENEW_MS = 60_000;
/** The longest that setTimeout can wait. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A connection that lasted this long was a good one: the next failure is the first again. */
const STEADY_MS = 10_000;

/**
 * The pause before attempt `failures` + 1, in ms: doubling, half of it random, so that a thousand pages that lost the
 * same server do not come back in the same second.
 */
export function pause(failures, random = Math.random) {
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));
  return longest / 2 + (longest / 2) * random();
}

/** How long to wait, in ms, before a token that runs out in `left` ms is replaced: half-way where it lives shortly. */
export const renewal = (left) => Math.min(Math.max(left - RENEW_MS, left / 2), LONGEST_TIMER_MS);

export class Connection {
  #load;
  #onState;
  #onFrame;
  #socket = null;
  #dialling = null;
  #attempt = 0;
  #failures = 0;
  #openedAt = 0;
  #configured = true;
  #retry;
  #silence;
  #pinging;
  #renewal;
  #joiner = new Joiner();

  /** `load()` gives `{ws, token}`; `onState(state)` and `onFrame(frame)` are told what happens. */
  constructor({ load, onState, onFrame }) {
    this.#load = load;
    this.#onState = onState;
    this.#onFrame = onFrame;
    addEventListener("online", () => this.#wake());
    addEventListener("offline", () => this.#onOffline());
    document.addEventListener("visibilitychange", () => {
      // A laptop that slept finds its socket dead without having been told.
      if (document.visibilityState === "visible") this.#wake();
    });
  }

  /** Connect now, whatever was planned, unless there is a connection or one is on its way. */
  start() {
    if (this.#socket || this.#dialling) return;
    clearTimeout(this.#retry);
    this.#dial();
  }

  /** Drop everything and connect anew, with what `load()` says now. */
  restart() {
    this.#failures = 0;
    this.#configured = true;
    this.#drop();
    this.start();
  }

  /** Send one frame; false where there is no open connection to take it. */
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  async #dial() {
    const attempt = ++this.#attempt;
    this.#dialling = {};
    if (!this.#socket) this.#onState({ name: "connecting" });
    let socket, expires;
    try {
      const { ws, token } = await this.#load();
      if (attempt !== this.#attempt) return;
      expires = expiry(token);
      socket = new WebSocket(ws, [SUBPROTOCOL, `bearer.${token}`]);
    } catch (error) {
      if (attempt !== this.#attempt) return;
      this.#dialling = null;
      if (error instanceof NotConfigured) this.#unconfigured();
      else this.#failed();
      return;
    }
    this.#dialling = socket;
    const deadline = setTimeout(() => socket.close(), HANDSHAKE_MS);
    socket.onopen = () => {
      clearTimeout(deadline);
      this.#opened(socket);
      this.#renewAt(expires);
    };
    socket.onclose = () => {
      clearTimeout(deadline);
      this.#closed(socket);
    };
    socket.onmessage = ({ data }) => this.#received(socket, data);
  }

  #opened(socket) {
    const previous = this.#socket;
    this.#socket = socket;
    this.#dialling = null;
    this.#openedAt = Date.now();
    this.#heard();
    this.#keepAwake();
    this.#onState({ name: "open" });
    previous?.close(1000);
  }

  #closed(socket) {
    if (socket === this.#dialling) this.#dialling = null;
    else if (socket === this.#socket) this.#socket = null;
    else return;
    if (this.#socket || this.#dialling) return;
    this.#rest();
    if (this.#openedAt && Date.now() - this.#openedAt > STEADY_MS) this.#failures = 0;
    this.#openedAt = 0;
    this.#failed();
  }

  #unconfigured() {
    this.#configured = false;
    this.#onState({ name: "unconfigured" });
  }

  #failed() {
    if (!navigator.onLine) {
      this.#onState({ name: "offline" });
      return;
    }
    this.#failures += 1;
    const wait = pause(this.#failures);
    this.#onState({ name: "waiting", until: Date.now() + wait, failures: this.#failures });
    this.#retry = setTimeout(() => this.start(), wait);
  }

  #received(socket, data) {
    if (socket !== this.#socket) return;
    this.#heard();
    let frame = readFrame(data);
    if (frame?.type === "fragment") frame = readFrame(this.#joiner.add(frame));
    if (frame === null) return;
    // The gateway ends every connection after two hours; the server says so first, and the next one opens before.
    if (frame.type === "rotate" && !this.#dialling) this.#dial();
    else this.#onFrame(frame);
  }

  /** Hand in the next token before the present one runs out, which is at `expires`; null where nobody knows. */
  #renewAt(expires) {
    clearTimeout(this.#renewal);
    const left = expires - Date.now();
    if (expires !== null && left > 0) this.#renewal = setTimeout(() => this.#renew(expires), renewal(left));
  }

  async #renew(expires) {
    const attempt = this.#attempt;
    // Without a fresh token this one runs out: the server says so when it matters, and a new connection is opened.
    const { token } = await this.#load().catch(() => ({ token: "" }));
    const next = expiry(token);
    if (attempt === this.#attempt && next > expires && this.send(auth(token))) this.#renewAt(next);
  }

  /** Ping every five minutes, whatever else comes and goes. */
  #keepAwake() {
    clearTimeout(this.#pinging);
    this.#pinging = setTimeout(() => {
      this.#check();
      this.#keepAwake();
    }, PING_MS);
  }

  /** The other end is there: whatever it said answers a ping. */
  #heard() {
    clearTimeout(this.#silence);
  }

  /** Stop all that keeps a connection. */
  #rest() {
    for (const timer of [this.#silence, this.#pinging, this.#renewal]) clearTimeout(timer);
  }

  #wake() {
    if (this.#socket) this.#check();
    else if (this.#configured) this.start();
  }

  /** Ask whether the other end is there, and hang up where nothing answers. */
  #check() {
    if (!this.send(ping())) return;
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#onSilence(), PONG_MS);
  }

  #onSilence() {
    this.#drop();
    this.#failed();
  }

  #onOffline() {
    // Nothing answers while offline, but an open socket may outlive a short gap: ask it, and let silence decide.
    if (this.#socket) {
      this.#check();
    } else if (this.#configured) {
      clearTimeout(this.#retry);
      this.#onState({ name: "offline" });
    }
  }

  /** Forget the sockets at once: closing a dead one can take a minute to be noticed. */
  #drop() {
    clearTimeout(this.#retry);
    this.#rest();
    this.#attempt += 1;
    const sockets = [this.#socket, this.#dialling];
    this.#socket = this.#dialling = null;
    this.#openedAt = 0;
    for (const socket of sockets) socket?.close?.();
  }
}
