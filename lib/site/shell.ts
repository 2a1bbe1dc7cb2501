/** The frame of every page of the site: head, navigation, main part. */
import { escapeHtml } from "../show/markup";

/** Parts of the site, in the order of its navigation. */
export const parts = {
  "index.html": "Story",
  "atlas/index.html": "Atlas in the browser",
  "notebooks/index.html": "Notebooks",
  "figures/index.html": "Figures",
  "inspector.html": "Inspector",
  "docs/index.html": "Documents",
  "api/index.html": "API",
} as const;
export type Part = keyof typeof parts;

export interface SitePage {
  title: string;
  /** where it is, from the site's root */
  path: string;
  /** under which the navigation shows it */
  part: Part;
  /** the main part, as HTML */
  main: string;
  /** scripts in order, as paths from the page */
  scripts?: readonly string[];
  /** whether parts of it bring their own `style` attributes (outputs of notebooks) */
  styled?: boolean;
  /** whether another page of the site is shown inside it */
  framing?: boolean;
}

/** The way from a page up to the site's root: "", "../", … */
export function rootFrom(path: string): string {
  return "../".repeat(path.split("/").length - 1);
}

/** Nothing is loaded from elsewhere; scripts run only where a page has some, WebAssembly with them. */
function policyOf({ scripts = [], styled = false, framing = false }: SitePage): string {
  const running = "script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src blob:";
  return [
    "default-src 'none'",
    `style-src 'self'${styled ? " 'unsafe-inline'" : ""}`,
    "img-src 'self' data:",
    ...(scripts.length > 0 ? [running] : []),
    ...(framing ? ["frame-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

export function navigation(path: string, part: Part | undefined): string {
  const links = Object.entries(parts).map(([to, label]) => {
    const here = to === part ? ' aria-current="page"' : "";
    return `<li><a href="${rootFrom(path)}${to}"${here}>${label}</a></li>`;
  });
  return `<nav class="site-nav" aria-label="Site"><ul>${links.join("")}</ul></nav>`;
}

export function sitePage(page: SitePage): string {
  const { title, path, part, main, scripts = [] } = page;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policyOf(page)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${rootFrom(path)}site.css">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${navigation(path, part)}
<main id="main">
${main}
</main>
${scripts.map((script) => `<script src="${script}"></script>`).join("\n")}
</body>
</html>
`;
}
