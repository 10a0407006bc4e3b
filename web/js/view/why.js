/** Why an answer says what it says: what was looked for, what was found and left out, and what it took. */

import { duration, has, t } from "../strings.js";
import { isOver } from "../turns.js";
import { errorText } from "./document.js";
import { button, el } from "./dom.js";
import { place } from "./sources.js";

/** Passages that were not used and are shown without being asked for. */
const BEST_OTHERS = 2;

export class Why {
  #turn = null;
  #load;
  /** The turn's audit; false while it is fetched, null before; an ApiError where it could not be had. */
  #audit = null;
  /** How many passages are shown; all of them once the reader asks. */
  #most = null;
  #summary = el("summary");
  #body = el("div", { class: "why-body" });
  element = el("details", { class: "why", hidden: true }, this.#summary, this.#body);

  /** `load(turn)` gives the promise of its audit, or null where there is nobody to ask. */
  constructor(load) {
    this.#load = load;
    this.element.addEventListener("toggle", () => this.element.open && this.#audit === null && this.#fetch());
  }

  update(turn, available) {
    this.#turn = turn;
    this.element.hidden = !available || !isOver(turn) || turn.state === "interrupted";
    this.#summary.textContent = t("why");
    this.#draw();
  }

  async #fetch() {
    this.#audit = false;
    this.#draw();
    try {
      this.#audit = await this.#load(this.#turn);
    } catch (error) {
      this.#audit = error;
    }
    this.#draw();
  }

  #draw() {
    if (this.#audit === null) return;
    if (this.#audit === false) this.#body.replaceChildren(el("p", {}, t("why_loading")));
    else if (this.#audit instanceof Error) this.#body.replaceChildren(el("p", {}, this.#trouble()), " ", this.#again());
    else this.#body.replaceChildren(...sections(this.#audit, this.#most ?? first(this.#audit), () => this.#showAll()));
  }

  #showAll() {
    this.#most = Infinity;
    this.#draw();
    // The button that did it is gone: go on where the rows came.
    this.#summary.focus({ preventScroll: true });
  }

  /** An answer of long ago, or of a server without audits, has none. */
  #trouble() {
    return this.#audit.code === "not_found" ? t("why_none") : errorText(this.#audit);
  }

  #again() {
    return button(t("documents_again"), () => this.#fetch());
  }
}

/** Passages shown at first: all that were used, and the best of the others. */
const first = ({ candidates = [] }) => candidates.findLastIndex(({ number: marker }) => marker) + 1 + BEST_OTHERS;

function sections(audit, most, onAll) {
  return [
    section(t("why_search"), searchOf(audit)),
    section(t("why_found"), foundOf(audit, most, onAll)),
    section(t("why_time"), bars(audit.timings ?? {})),
    section(t("why_means"), meansOf(audit)),
  ].filter(Boolean);
}

const section = (title, nodes) =>
  nodes.length > 0 && el("section", {}, el("h3", { class: "small-heading" }, title), ...nodes);

/** What was looked for, and what the question was taken for. */
function searchOf({ kind, search, context, rewritten, filter }) {
  if (!search) return [el("p", {}, t(kind === "talk" ? "why_talk" : "why_no_search"))];
  const nodes = [el("p", { class: "why-search", dir: "auto" }, search)];
  if (kind === "follow_up") nodes.push(el("p", {}, t(has(`why_by_${rewritten}`) ? `why_by_${rewritten}` : "why_follow_up")));
  if (context) nodes.push(el("p", {}, `${t("why_context")} `, el("q", { dir: "auto" }, context)));
  if (filter) nodes.push(el("p", {}, `${t("why_filter")} `, el("code", {}, JSON.stringify(filter))));
  return nodes;
}

/** Whether the documents cover the question, and each passage with its scores and what became of it. */
function foundOf({ candidates, threshold, covered }, most, onAll) {
  if (!candidates?.length) return [];
  const nodes = typeof covered === "boolean" ? [verdict(candidates[0], threshold ?? 0, covered)] : [];
  nodes.push(passages(candidates.slice(0, most), covered));
  if (candidates.length > most) nodes.push(button(t("why_all", candidates.length - most), onAll, { class: "plain more" }));
  return nodes;
}

/** The best passage decides: by its score, or where a re-ranker was asked, which read both, by what that gives it. */
function verdict({ score, reranked }, threshold, covered) {
  const key = covered ? "why_covered" : "why_uncovered";
  const byReranker = typeof reranked === "number";
  const text = byReranker ? t(`${key}_reranked`, number(reranked)) : t(key, number(score), number(threshold));
  return el("p", { class: covered ? "" : "uncovered" }, text);
}

function passages(candidates, covered) {
  const reranked = candidates.some((passage) => typeof passage.reranked === "number");
  const head = ["why_passage", "why_score", reranked && "why_reranked"].filter(Boolean);
  const rows = candidates.map((passage) =>
    el(
      "tr",
      { class: passage.number ? "used" : "" },
      el(
        "th",
        { scope: "row", dir: "auto" },
        el("span", { class: "why-title" }, passage.title),
        " ",
        el("span", { class: "why-place" }, place(passage) || passage.uri),
        el("span", { class: "why-fate" }, fate(passage, covered)),
      ),
      el("td", {}, number(passage.score)),
      ...(reranked ? [el("td", {}, number(passage.reranked))] : []),
    ),
  );
  const columns = head.map((key) => el("th", { scope: "col" }, t(key)));
  return el("table", {}, el("thead", {}, el("tr", {}, ...columns)), el("tbody", {}, ...rows));
}

const number = (score) => (typeof score === "number" ? score.toFixed(3) : "–");

function fate({ number: marker, dropped }, covered) {
  if (marker) return t(covered === false ? "why_named" : "why_used", marker);
  return has(`why_dropped_${dropped}`) ? t(`why_dropped_${dropped}`) : (dropped ?? t("why_unused"));
}

/** The stages as bars; the longest is as long as there is room. */
function bars(timings) {
  const stages = Object.entries(timings).filter(([, seconds]) => typeof seconds === "number");
  if (!stages.length) return [];
  const longest = Math.max(...stages.map(([, seconds]) => seconds), 0.001);
  const rows = stages.map(([stage, seconds]) => {
    const bar = el("span", { class: "bar-length", "aria-hidden": "true" });
    bar.style.setProperty("--share", seconds / longest);
    const name = has(`timing_${stage}`) ? t(`timing_${stage}`) : stage;
    return el("div", {}, el("dt", {}, name), el("dd", {}, bar, el("span", {}, duration(seconds))));
  });
  return [el("dl", { class: "bars" }, ...rows)];
}

/** With what it was made. */
function meansOf({ prompt, variant, models, usage, cited, removed, finish, error }) {
  const rows = [];
  if (prompt) rows.push([t("why_prompt"), prompt]);
  if (variant) rows.push([t("why_variant"), variant]);
  for (const [role, model] of Object.entries(models ?? {})) {
    rows.push([has(`why_model_${role}`) ? t(`why_model_${role}`) : role, model]);
  }
  if (usage?.prompt !== undefined) rows.push([t("fact_tokens"), t("tokens", usage)]);
  if (cited?.length) rows.push([t("why_cited"), [...new Set(cited)].map((marker) => `[${marker}]`).join(" ")]);
  if (removed?.length) rows.push([t("why_removed"), removed.map((marker) => `[${marker}]`).join(" ")]);
  if (error) rows.push([t("fact_finish"), `${finish} (${error})`]);
  if (!rows.length) return [];
  return [el("dl", { class: "why-facts" }, ...rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))))];
}
