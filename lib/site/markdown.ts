/** Markdown of the project as pages have it: links lead into the site, and what it does not have is no link. */
import katex from "katex";
import MarkdownIt from "markdown-it";
import { linkFrom } from "./places";

/** Documents hold no HTML of their own but comments. */
const markdown = new MarkdownIt({ html: false, typographer: false });
type Token = ReturnType<typeof markdown.parse>[number];

markdown.renderer.rules["table_open"] = () => '<div class="table" tabindex="0" role="group" aria-label="Table"><table>';
markdown.renderer.rules["table_close"] = () => "</table></div>";

// what is wider than the page is scrolled, by keyboard too
for (const kind of ["fence", "code_block"])
  markdown.renderer.rules[kind] = (tokens, i) =>
    `<pre tabindex="0"><code>${markdown.utils.escapeHtml(tokens[i]!.content)}</code></pre>\n`;

/** Formulas as GitHub and Jupyter know them, $a$ and $$a$$, become MathML, which needs neither script nor font. */
markdown.inline.ruler.before("escape", "math", (state, silent) => {
  const found = /^(\$\$?)(?!\s)([^$]+?)(?<!\s)\1(?![\d$])/.exec(state.src.slice(state.pos));
  if (!found) return false;
  const [whole, marks, formula] = found as unknown as [string, string, string];
  if (!silent) {
    const html = katex.renderToString(formula, { output: "mathml", displayMode: marks === "$$", strict: false });
    // italic by style: the letters that browsers put in their place are missing from many fonts
    state.push("math", "", 0).content = html.replace(/<mi>(\p{L})<\/mi>/gu, '<mi class="letter">$1</mi>');
  }
  state.pos += whole.length;
  return true;
});
markdown.renderer.rules["math"] = (tokens, i) => tokens[i]!.content;

/** As GitHub names headings. */
function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

export interface Rendered {
  html: string;
  /** text of its first heading */
  title: string;
  /** project files that it links to */
  linked: string[];
}

/**
 * @param from project file that the text is of @param page site path of the page it is shown on
 * @param level of its highest headings
 */
export function renderMarkdown(text: string, from: string, page: string, level = 1): Rendered {
  const tokens = markdown.parse(text.replace(/<!--[^]*?-->\n?/g, ""), {});
  const linked: string[] = [];
  let title = "";
  tokens.forEach((token, i) => {
    if (token.type === "heading_open" || token.type === "heading_close")
      token.tag = `h${Math.min(6, Number(token.tag[1]) + level - 1)}`;
    if (/^t[hd]_open$/.test(token.type) && token.attrGet("style")) {
      token.attrs = [["class", token.attrGet("style")!.replace(/.*:/, "")]]; // pages allow no style of their own
    }
    if (token.type === "heading_open") {
      const heading = tokens[i + 1]!.content.replace(/[`*]/g, "");
      title ||= heading;
      token.attrSet("id", slug(heading));
    }
    for (const child of token.children ?? []) {
      const own = child.type === "link_open" ? "href" : child.type === "image" ? "src" : undefined;
      if (own) place(child, own);
    }
  });
  unlink(tokens);
  return { html: markdown.renderer.render(tokens, markdown.options, {}), title, linked };

  function place(token: Token, attribute: "href" | "src"): void {
    const link = linkFrom(from, page, token.attrGet(attribute) ?? "");
    if (link?.file) linked.push(link.file);
    token.attrSet(attribute, link?.href ?? "");
  }
}

/** Links to what the site does not have become their text. */
function unlink(tokens: readonly Token[]): void {
  for (const { children } of tokens) {
    const open: Token[] = [];
    for (const child of children ?? []) {
      if (child.type === "link_open") open.push(child);
      if (child.type !== "link_close") continue;
      const opened = open.pop()!;
      if (opened.attrGet("href")) continue;
      opened.tag = child.tag = "span";
      opened.attrs = null;
    }
  }
}
