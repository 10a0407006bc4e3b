/** The panel with a tenant's documents: what there is, what is on its way, and how to bring more. */

import { Documents } from "../documents.js";
import { t } from "../strings.js";
import { scopes } from "../token.js";
import { send } from "../upload.js";
import { Announcer } from "./announcer.js";
import { DocumentRow, errorText, stateText } from "./document.js";
import { acceptFiles } from "./drop.js";

export class DocumentsPanel {
  #dialog;
  #opener;
  #announcer;
  #inside;
  #documents;
  #rows = new Map();
  #may = { read: false, write: false };
  #frame = 0;
  /** Whose new version the file chooser is open for; null for none. */
  #replacing = null;

  /** `dialog` and `opener` are the page's elements, `announcer` speaks while the panel is closed. */
  constructor({ dialog, opener, announcer, api }) {
    this.#dialog = dialog;
    this.#opener = opener;
    this.#announcer = announcer;
    this.#inside = new Announcer(this.#part("said"));
    this.#documents = new Documents({
      api,
      send,
      onChange: () => (this.#frame ||= requestAnimationFrame(() => this.redraw())),
      onOutcome: (entry) => this.#say(`${entry.name}: ${stateText(entry)}`),
    });
    this.#listen();
  }

  /** `http` is where the documents are, or nothing; `token` says what its bearer may do with them. */
  allow({ http, token }) {
    const allowed = scopes(token);
    this.#may.read = Boolean(http) && allowed.has("documents:read");
    this.#may.write = this.#may.read && allowed.has("documents:write");
    if (!this.#may.read) this.#dialog.close();
    this.redraw();
  }

  redraw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { entries, trouble, loaded, hasMore } = this.#documents;
    this.#opener.hidden = !this.#may.read;
    this.#part("drop").hidden = !this.#may.write;
    this.#part("empty").hidden = entries.length > 0 || !loaded;
    this.#part("more").hidden = !hasMore;
    this.#part("trouble").hidden = trouble === null;
    this.#part("trouble-text").textContent = trouble ? errorText(trouble) : "";
    this.#list(entries);
  }

  #part(name) {
    return this.#dialog.querySelector(`#documents-${name}`);
  }

  #listen() {
    const files = this.#part("files");
    this.#opener.addEventListener("click", () => this.#open());
    this.#part("close").addEventListener("click", () => this.#dialog.close());
    this.#part("choose").addEventListener("click", () => this.#choose(null));
    this.#part("more").addEventListener("click", () => this.#documents.more());
    this.#part("again").addEventListener("click", () => this.#documents.refresh());
    files.addEventListener("change", () => {
      this.#chosen([...files.files]);
      files.value = "";
    });
    this.#dialog.addEventListener("close", () => this.#documents.rest());
    addEventListener("beforeunload", (event) => this.#documents.isSending && event.preventDefault());
    // Its own area lies inside: what is clicked beside it is the backdrop.
    this.#dialog.addEventListener("click", (event) => event.target === this.#dialog && this.#dialog.close());
    acceptFiles({
      isOn: () => this.#may.write,
      onDrag: (over) => {
        if (over) this.#open();
        this.#dialog.classList.toggle("dragging", over);
      },
      onDrop: ({ files, folders }) => {
        this.#documents.add(files);
        this.#part("note").textContent = folders ? t("documents_no_folders") : "";
      },
    });
  }

  #open() {
    if (this.#dialog.open) return;
    this.#dialog.showModal();
    this.#documents.refresh();
  }

  #choose(entry) {
    this.#replacing = entry;
    this.#part("files").multiple = entry === null;
    this.#part("files").click();
  }

  #chosen(files) {
    if (this.#replacing && files.length) this.#documents.replace(this.#replacing, files[0]);
    else this.#documents.add(files);
  }

  #list(entries) {
    const list = this.#part("list");
    for (const [entry, { element }] of this.#rows) {
      if (entries.includes(entry)) continue;
      // The focus goes to the title where what had it is gone.
      if (element.contains(document.activeElement)) this.#part("title").focus();
      element.remove();
      this.#rows.delete(entry);
    }
    entries.forEach((entry, index) => {
      if (!this.#rows.has(entry)) this.#rows.set(entry, this.#row(entry));
      const row = this.#rows.get(entry);
      if (list.children[index] !== row.element) list.insertBefore(row.element, list.children[index] ?? null);
      row.update(this.#may);
    });
  }

  #row(entry) {
    return new DocumentRow(entry, {
      onReplace: () => this.#choose(entry),
      onRetry: () => this.#documents.retry(entry),
      onStop: () => this.#documents.stop(entry),
      onRemove: () => this.#documents.remove(entry),
    });
  }

  /** Beside an open dialog the rest of the page is silent, so the panel has a voice of its own. */
  #say(text) {
    (this.#dialog.open ? this.#inside : this.#announcer).say(text);
  }
}
