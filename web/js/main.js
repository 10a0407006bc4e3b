/** Puts the page together: connection <-> conversation <-> what one sees. */

import { Api } from "./api.js";
import { loadConnection, storedConnection } from "./config.js";
import { Connection } from "./connection.js";
import { Conversation } from "./conversation.js";
import { loadRenderer, plainRenderer } from "./markdown.js";
import * as store from "./store.js";
import * as strings from "./strings.js";
import { isOver } from "./turns.js";
import { Announcer } from "./view/announcer.js";
import { Composer } from "./view/composer.js";
import { DocumentsPanel } from "./view/documents.js";
import { button, el } from "./view/dom.js";
import { errorText, remarksOn } from "./view/facts.js";
import { Link } from "./view/link.js";
import { Setup } from "./view/setup.js";
import { spoken } from "./view/trail.js";
import { Transcript } from "./view/transcript.js";

const { t } = strings;
const $ = (id) => document.getElementById(id);

strings.setLanguage(strings.preferredLanguage());

const markdown = await loadRenderer();
const announcer = new Announcer($("announcer"));
let model = null;
let hasApi = false;
let everOpen = false;
let lost = false;

const connection = new Connection({ load, onState, onFrame: (frame) => conversation.receive(frame) });
const conversation = new Conversation({
  send: (frame) => connection.send(frame),
  onTurn,
  onList,
  onStale: () => connection.restart(),
  store,
  locale: strings.locale,
});
const api = new Api(loadConnection);
const panel = new DocumentsPanel({ dialog: $("documents"), opener: $("open-documents"), announcer, api });
const transcript = new Transcript({
  element: $("transcript"),
  floor: $("composer"),
  latest: $("latest"),
  renderer: markdown ?? plainRenderer,
  actions: {
    onRetry: (turn) => transcript.focus(conversation.retry(turn)),
    onEdit: (turn) => composer.offer(conversation.remove(turn)),
    audit: { isOn: () => hasApi, load: (turn) => api.audit(turn) },
  },
});
const composer = new Composer($("composer"), {
  onAsk: (question) => conversation.ask(question, strings.languageOf(question)),
  onStop: () => {
    const question = conversation.stop();
    if (question) composer.offer(question);
  },
});
const link = new Link($("link"), {
  onNow: () => connection.restart(),
  onEdit: () => showSetup(),
  isTyped: () => storedConnection() !== null && !setup.shown,
});
const setup = new Setup($("connect"), () => {
  everOpen = false;
  setup.hide();
  connection.restart();
  composer.focus();
});

/** Asked by the connection before every attempt. */
async function load() {
  const found = await loadConnection();
  model = found.model ? { name: found.model, note: found.model_note } : null;
  panel.allow(found);
  hasApi = Boolean(found.http);
  transcript.redraw();
  drawFine();
  return found;
}

function onState(state) {
  link.show(state);
  if (state.name === "open") {
    if (lost) announcer.say(t("link_back"));
    everOpen = true;
    lost = false;
    setup.hide();
    conversation.opened();
  } else {
    conversation.closed();
  }
  if (state.name === "unconfigured") showSetup();
  if (state.name === "waiting" || state.name === "offline") {
    if (everOpen && !lost) announcer.say(t("link_lost"));
    lost = everOpen;
    // An address that never once answered is more likely wrong than down.
    if (!everOpen && storedConnection() && state.failures > 1) showSetup("connect_failed");
  }
  drawWelcome();
}

function onTurn(turn) {
  transcript.touch(turn);
  composer.stoppable(conversation.turns.some((other) => !isOver(other)));
  const alone = !conversation.current;
  if (!isOver(turn)) {
    announcer.phase(spoken(turn, alone));
    return;
  }
  const lines = [...remarksOn(turn)];
  if (turn.complete?.covered === false) lines.unshift(t("uncovered"));
  if (turn.error) lines.push(errorText(turn.error));
  const text = transcript.spoken(turn);
  if (text) announcer.say(`${t("answer")}: ${text}`, turn.language);
  for (const line of lines) announcer.say(line);
}

function onList(turns) {
  transcript.list(turns);
  composer.stoppable(turns.some((turn) => !isOver(turn)));
  drawWelcome();
  document.title = turns.length ? `${turns[0].question.slice(0, 60)} – Thinkaloud` : "Thinkaloud";
}

function onExample(question) {
  conversation.ask(question, strings.languageOf(question));
  focusField();
}

/** Put the focus where one types, except on a phone, whose keyboard would cover the page. */
function focusField() {
  if (matchMedia("(pointer: fine)").matches) composer.focus();
}

function showSetup(problem) {
  setup.show(problem);
  drawWelcome();
  link.redraw();
}

function drawWelcome() {
  $("welcome").hidden = setup.shown || conversation.turns.length > 0;
  document.body.classList.toggle("empty", !$("welcome").hidden);
}

function drawFine() {
  const note = model?.note?.[strings.currentLanguage()];
  const about = model ? [t("model", model.name), note].filter(Boolean) : [];
  $("model").replaceChildren(...about.flatMap((text) => [el("span", {}, text), " "]));
  $("page-note").hidden = markdown !== null;
  $("page-note").textContent = t("plain_text");
}

function drawLanguage() {
  for (const node of document.querySelectorAll("[data-language]")) {
    node.setAttribute("aria-pressed", String(node.dataset.language === strings.currentLanguage()));
  }
  drawExamples();
  drawFine();
  link.redraw();
  setup.redraw();
  panel.redraw();
  composer.redraw();
  transcript.redraw();
}

/** Questions to try: both languages, the page's own first. */
function drawExamples() {
  const languages = Object.keys(strings.EXAMPLES).sort((code) => (code === strings.currentLanguage() ? -1 : 1));
  $("examples").replaceChildren(
    ...languages.map((code) => {
      const buttons = strings.EXAMPLES[code].map((question) => button(question, () => onExample(question)));
      return el("ul", { lang: strings.languageOf(strings.EXAMPLES[code][0]) }, ...buttons.map((node) => el("li", {}, node)));
    }),
  );
}

for (const node of document.querySelectorAll("[data-language]")) {
  node.addEventListener("click", () => {
    strings.setLanguage(node.dataset.language, { remember: true });
    drawLanguage();
  });
}

$("renew").addEventListener("click", () => {
  conversation.renew();
  focusField();
});
addEventListener("pagehide", () => conversation.save());

drawLanguage();
onList(conversation.turns);
connection.start();
focusField();
