/** The form for addresses and a token, where the page was not served by a local cloud. */

import { readAddress, readHttpAddress, readToken, storeConnection } from "../config.js";
import { t } from "../strings.js";

export class Setup {
  #form;
  #trouble;
  #problem = null;

  /** `onReady()` is told once they are stored. */
  constructor(form, onReady) {
    this.#form = form;
    this.#trouble = form.querySelector("#connect-trouble");
    form.noValidate = true;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#store()) onReady();
    });
  }

  get shown() {
    return !this.#form.hidden;
  }

  /** Ask for an address; `problem` is the key of what went wrong with the last one. */
  show(problem = null) {
    this.#form.hidden = false;
    this.#say(problem);
  }

  hide() {
    this.#form.hidden = true;
  }

  /** In the language in use now. */
  redraw() {
    this.#say(this.#problem);
  }

  #store() {
    const { url, http: httpUrl, token } = this.#form.elements;
    const ws = readAddress(url.value.trim());
    const http = readHttpAddress(httpUrl.value.trim());
    const bearer = readToken(token.value);
    if (ws === null) return this.#refuse("connect_bad_url", url);
    if (http === null && httpUrl.value.trim()) return this.#refuse("connect_bad_http", httpUrl);
    if (bearer === null) return this.#refuse("connect_bad_token", token);
    storeConnection({ ws, http, token: bearer });
    token.value = "";
    this.#say(null);
    return true;
  }

  #refuse(problem, field) {
    this.#say(problem);
    field.focus();
    return false;
  }

  #say(problem) {
    this.#problem = problem;
    this.#trouble.hidden = problem === null;
    this.#trouble.textContent = problem === null ? "" : t(problem);
  }
}
