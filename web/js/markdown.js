/**
 * Markdown as it forms -> nodes of the page, through marked and DOMPurify where they are installed.
 *
 * Nothing here trusts the text: a model may repeat what a document told it to. Markup becomes text, images become links
 * (an image would fetch an address of the author's choice), and what is left goes through DOMPurify.
 */

const MARKED = "../node_modules/marked/lib/marked.esm.js";
const DOMPURIFY = "../node_modules/dompurify/dist/purify.es.mjs";

const SANITISE = {
  RETURN_DOM_FRAGMENT: true,
  ALLOWED_TAGS: [
    ..."p br strong em del code pre ul ol li blockquote h1 h2 h3 h4 h5 h6 hr a".split(" "),
    ..."table thead tbody tr th td".split(" "),
  ],
  ALLOWED_ATTR: ["href", "title", "start", "align"],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  // http, https, or no scheme at all.
  ALLOWED_URI_REGEXP: /^(?:https?:|[^a-z]|[a-z+.-]+(?:[^a-z+.\-:]|$))/i,
};

/**
 * A block of a text: `raw`, its source, and what a renderer needs to draw it.
 * A renderer has `split(text) -> blocks`, whose `raw` join to the text; and `draw(block) -> DocumentFragment`.
 */
export const plainRenderer = {
  split: (text) => text.split(/(?<=\n{2,})(?!\n)/).map((raw) => ({ raw, blank: !raw.trim(), defines: false })),
  draw({ raw }) {
    const paragraph = document.createElement("p");
    paragraph.className = "plain-text";
    paragraph.textContent = raw.trimEnd();
    const fragment = new DocumentFragment();
    fragment.append(paragraph);
    return fragment;
  },
};

/** The renderer to use: Markdown, or null where its libraries are not served. */
export async function loadRenderer() {
  try {
    const [{ Marked }, { default: purifier }] = await Promise.all([import(MARKED), import(DOMPURIFY)]);
    return markdownRenderer(Marked, purifier);
  } catch {
    return null;
  }
}

function markdownRenderer(Marked, purifier) {
  const marked = new Marked({ gfm: true, breaks: true, extensions: [STRONG], renderer: RENDERER });
  purifier.addHook("afterSanitizeAttributes", (node) => {
    if (node.tagName !== "A" || !node.hasAttribute("href")) return;
    node.target = "_blank";
    node.rel = "noopener noreferrer";
  });
  return {
    split: (text) =>
      marked.lexer(text).map((token) => ({
        raw: token.raw,
        blank: token.type === "space",
        defines: token.type === "def",
        token,
      })),
    draw: ({ token }) => purifier.sanitize(marked.parser([token]), SANITISE),
  };
}

/**
 * CommonMark closes `**` only beside a space or punctuation on the right side, so 「年假**10天。**这是」 stays unmarked.
 * Chinese has no spaces: here `**` marks whatever it surrounds.
 */
const STRONG = {
  name: "strong",
  level: "inline",
  start: (text) => text.indexOf("**"),
  tokenizer(text) {
    const [raw, inner] = /^\*\*(?![\s*])([^\n]*?[^\s*])\*\*(?!\*)/.exec(text) ?? [];
    return raw && { type: "strong", raw, text: inner, tokens: this.lexer.inlineTokens(inner) };
  },
};

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escape = (text) => text.replace(/[&<>"]/g, (character) => ESCAPES[character]);

const RENDERER = {
  html: ({ text }) => (/^<br\s*\/?>\s*$/i.test(text) ? "<br>" : escape(text)),
  image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
  checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
};

/**
 * Close what the stream has not closed yet, so that a half-arrived text does not show its marks and then jump:
 * an open `**`, code span or link, a `[1` that is becoming a citation, a lone `-` that would underline the line above.
 */
export function mend(text) {
  if ((text.match(/^ {0,3}(?:```|~~~)/gm)?.length ?? 0) % 2) return text;
  const start = text.lastIndexOf("\n\n") + 1;
  let tail = text
    .slice(start)
    .replace(/(\n[ \t]*)(?:[-=*+#]+|\d+[.)]?)[ \t]*$/, "$1")
    .replace(/\[\d*$/, "")
    .replace(/!?\[([^\]\n]*)\]\([^)\n]*$/, "$1")
    .replace(/!?\[([^\]\n]*)$/, "$1");
  if ((tail.match(/`/g)?.length ?? 0) % 2) tail = tail.endsWith("`") ? tail.slice(0, -1) : `${tail}\``;
  const stars = tail.replace(/`[^`]*`/g, "").match(/\*\*/g)?.length ?? 0;
  if (stars % 2) tail = closeStrong(tail);
  return text.slice(0, start) + tail;
}

function closeStrong(text) {
  const opens = text.lastIndexOf("**");
  const inside = text.slice(opens + 2);
  if (inside === "") return text.slice(0, opens);
  // `2 ** 3` opens nothing; and a lone `*` at the end is half of the closing mark.
  return /^\s/.test(inside) ? text : `${text.replace(/\*?\s*$/, "")}**`;
}

/** One growing text in `element`. Only its last block is read and drawn again when it grows. */
export class MarkdownView {
  #element;
  #renderer;
  #decorate;
  #text = "";
  #final = false;
  /** `{raw, node}` of each block on the page, and where the last of them begins in the text. */
  #shown = [];
  #start = 0;

  /** `decorate(fragment)` may change what was drawn before it is shown. */
  constructor(element, renderer, decorate) {
    this.#element = element;
    this.#renderer = renderer;
    this.#decorate = decorate;
  }

  /** Show `text`; `final` says that no more is coming. */
  update(text, final) {
    text = text.replace(/\r\n?/g, "\n");
    if (text === this.#text && final === this.#final) return;
    if (!text.startsWith(this.#text.slice(0, this.#start))) this.#clear();
    this.#text = text;
    this.#final = final;
    // A definition such as `[1]: https://...` may stand below what refers to it: then all is read again, once.
    if (final && this.#renderer.split(text).some(({ defines }) => defines)) this.#clear();
    this.#draw(final);
  }

  #draw(final) {
    const rest = this.#text.slice(this.#start);
    const blocks = this.#renderer.split(final ? rest : mend(rest));
    let index = Math.max(0, this.#shown.length - 1);
    let position = this.#start;
    for (const block of blocks) {
      if (!block.blank) {
        this.#start = position;
        this.#place(index, block);
        index += 1;
      }
      position += block.raw.length;
    }
    for (const { node } of this.#shown.splice(index)) node.remove();
  }

  #place(index, block) {
    const old = this.#shown[index];
    if (old?.raw === block.raw) return;
    const node = document.createElement("div");
    node.className = "block";
    node.append(this.#renderer.draw(block));
    this.#decorate(node);
    if (old) old.node.replaceWith(node);
    else this.#element.append(node);
    this.#shown[index] = { raw: block.raw, node };
  }

  #clear() {
    this.#element.replaceChildren();
    this.#shown = [];
    this.#start = 0;
  }
}
