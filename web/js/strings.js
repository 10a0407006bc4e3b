/** The language in use, and every word the page says in it: words/ holds them. */

import { EN } from "./words/en.js";
import { ZH } from "./words/zh.js";

const STORED = "thinkaloud.language";

/** Shown on the empty page in both languages, whichever the page itself is in. */
export const EXAMPLES = {
  en: ["How long does a refund take?", "How do I report a lost laptop?", "What does the warranty cover?"],
  zh: ["我们部门今年的年假额度是多少？", "差旅报销要在多久之内提交？", "退货的运费由谁承担？"],
};

export const TABLES = { en: EN, zh: ZH };
let language = "en";

/** The stored choice, otherwise the browser's first language: Chinese of any kind is `zh`, all else `en`. */
export function preferredLanguage() {
  const stored = localStorage.getItem(STORED);
  if (stored in TABLES) return stored;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/**
 * Use `code` from now on; `remember` keeps it for the next visit.
 *
 * Whatever names a text is said anew: `data-text`, `data-label` (with `data-values`, a JSON array, where the text has
 * blanks to fill), `data-title` and `data-placeholder`.
 */
export function setLanguage(code, { remember = false } = {}) {
  language = code;
  if (remember) localStorage.setItem(STORED, code);
  document.documentElement.lang = locale();
  for (const node of document.querySelectorAll("[data-text]")) node.textContent = t(node.dataset.text);
  for (const node of document.querySelectorAll("[data-label]")) {
    node.setAttribute("aria-label", t(node.dataset.label, ...JSON.parse(node.dataset.values ?? "[]")));
  }
  for (const node of document.querySelectorAll("[data-title]")) node.title = t(node.dataset.title);
  for (const node of document.querySelectorAll("[data-placeholder]")) node.placeholder = t(node.dataset.placeholder);
}

/** `en` or `zh`. */
export const currentLanguage = () => language;

/** The tag sent with a question, so that the labels of its phases come in the page's language. */
export const locale = () => (language === "zh" ? "zh-CN" : "en");

/** The text under `key`, with `values` put in. A key that is missing is a mistake in the page, so it throws. */
export function t(key, ...values) {
  const text = TABLES[language][key];
  if (text === undefined) throw new Error(`no text for ${key} in ${language}`);
  return typeof text === "function" ? text(...values) : text;
}

/** Whether there is a text under `key`: codes and phases may be newer than this page. */
export const has = (key) => key in TABLES[language];

/** Seconds as a person reads them: `42 ms`, `1.3 s`. */
export const duration = (seconds) =>
  seconds < 0.9995 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;

/** Bytes as a person reads them: `512 B`, `1.2 MB`. */
export function fileSize(bytes) {
  const power = Math.min(3, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(power > 0 && value < 9.95 ? 1 : 0)} ${["B", "kB", "MB", "GB"][power]}`;
}

/** A share of 1 in whole percent, never 100 before it is all. */
export const percent = (share) => `${Math.floor(share * 100)}%`;

/** The BCP 47 tag to speak and set `text` in: an answer follows its question, not the page. */
export const languageOf = (text) => (/\p{Script=Han}/u.test(text) ? "zh-CN" : "en");
