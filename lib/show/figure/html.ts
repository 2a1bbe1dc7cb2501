/**
 * Interactive figures. A saved page and a notebook output both refer to one shared copy of plotly and
 * carry only their data. A notebook output holds the static SVG as an image; where scripts run (JupyterLab,
 * VS Code, an exported page) and the shared copy can be loaded, the interactive figure takes its place.
 * Elsewhere (GitHub, an untrusted notebook) the image stays.
 */
import type { Bundle } from "../bundle";
import { checkFileName, escapeHtml, scriptJson } from "../markup";
import { styleSheet } from "../palette";
import type { Figure, RenderedFigure } from "./figure";
import { figureSize, plainFigure } from "./stable";

/** Nothing of a figure leaves the page. */
const CONFIG = { displaylogo: false, displayModeBar: "hover", showSendToCloud: false };

/**
 * A figure keeps its layout and is drawn smaller where its place is narrower: fewer pixels would break titles and
 * legends that were measured.
 */
const FIT = `function (host, live, size) {
  function fit() {
    if (!host.clientWidth) return;
    var scale = Math.min(1, host.clientWidth / size.width);
    live.style.transform = "scale(" + scale + ")";
    host.style.height = Math.ceil(size.height * scale) + "px";
  }
  live.style.transformOrigin = "0 0";
  live.style.width = size.width + "px";
  new ResizeObserver(fit).observe(host);
  fit();
}`;

/** Buttons below the title, where they cover no text. @param place CSS selector of the figure */
function barStyle({ layout }: Figure, place: string): string {
  return `${place} .modebar-container{top:${layout.margin?.t ?? 0}px!important}`;
}
/** Seen from notebooks/. */
const FROM_NOTEBOOK = "../figures/plotly.min.js";
const FROM_ROOT = "figures/plotly.min.js";

/** The figure, or its image, is a white card in the dark. */
const PAGE_STYLE = styleSheet(`/*COLOURS*/
body{margin:16px;background:var(--page);color:var(--ink);font-family:"Open Sans",Arial,sans-serif}a{color:var(--link)}
#place,img{background:#fff;border-radius:6px}img{max-width:100%}`);

/** The figure's title without markup, and the note under it. */
export function figureTitle(figure: Figure): string {
  const title = figure.layout.title;
  const text = (typeof title === "string" ? title : title?.text) ?? figure.name;
  return text
    .replace(/(?<!<\/span>)<br>(?=<span)/, ". ")
    .replace(/<br>/g, " ")
    .replace(/<[^>]*>/g, "");
}

/** A page for `<dir>/<name>.html`. @param plotly address of the shared copy, relative to the page */
export function figurePage(figure: Figure, plotly: string): string {
  const title = escapeHtml(figureTitle(figure));
  const fallback = `<img src="${encodeURI(figure.name)}.svg" alt="${title}">`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>${PAGE_STYLE}
#place{max-width:${figureSize(figure).width}px}
${barStyle(figure, "#figure")}</style>
</head>
<body>
<div id="place"><div id="figure" role="img" aria-label="${title}"></div></div>
<noscript>${fallback}</noscript>
<script src="${encodeURI(plotly)}"></script>
<script>
const figure = ${scriptJson(plainFigure(figure))};
const [place, live] = ["place", "figure"].map((id) => document.getElementById(id));
if (window.Plotly) {
  Plotly.newPlot(live, figure.data, figure.layout, ${scriptJson(CONFIG)});
  (${FIT})(place, live, ${scriptJson(figureSize(figure))});
} else live.innerHTML = ${scriptJson(fallback)};
</script>
</body>
</html>
`;
}

/**
 * Loads the shared plotly once per page and puts the figure over its image. Under a Jupyter server the
 * address comes from the server's own configuration; else it is relative to the notebook or exported page.
 */
const LOADER = `(function (figure, config, places, size, fit) {
  var script = document.currentScript, host = script && script.parentNode.querySelector("[data-lab-figure]");
  if (!host) return;
  function server() {
    try {
      var settings = JSON.parse(document.getElementById("jupyter-config-data").textContent);
      return [settings.baseUrl + "files/" + places.root];
    } catch (e) { return []; }
  }
  function load(urls) {
    if (window.Plotly) return Promise.resolve(window.Plotly);
    if (!urls.length) return Promise.reject(new Error("plotly not found"));
    return new Promise(function (done) {
      var tag = document.createElement("script");
      tag.onload = tag.onerror = function () { tag.remove(); done(load(urls.slice(1))); };
      tag.src = urls[0];
      document.head.appendChild(tag);
    });
  }
  window.labPlotly = window.labPlotly || load(server().concat(places.notebook));
  window.labPlotly.then(function (plotly) {
    var live = document.createElement("div");
    live.style.cssText = "position:absolute;visibility:hidden";
    host.appendChild(live);
    return plotly.newPlot(live, figure.data, figure.layout, config).then(function () {
      host.replaceChildren(live);
      live.style.cssText = "";
      fit(host, live, size);
    });
  }).catch(function () { window.labPlotly = undefined; });
})`;

/**
 * One notebook display of a figure: interactive where possible, an image everywhere else.
 * @throws UserError for a name that is no file name
 */
export function figureBundle(figure: Figure, rendered: RenderedFigure): Bundle {
  const size = figureSize(figure);
  const title = figureTitle(figure);
  const image = `data:image/svg+xml;base64,${Buffer.from(rendered.svg).toString("base64")}`;
  const places = { notebook: FROM_NOTEBOOK, root: FROM_ROOT };
  const call = `${LOADER}(${[plainFigure(figure), CONFIG, places, size].map(scriptJson).join(",")},${FIT});`;
  const img = `<img alt="${escapeHtml(title)}" width="${size.width}" style="max-width:100%" src="${image}">`;
  const host = `<div data-lab-figure="${figure.name}" style="overflow:hidden">${img}</div>`;
  const bar = `<style>${barStyle(figure, `[data-lab-figure="${checkFileName(figure.name, "figureBundle")}"]`)}</style>`;
  const html = `<div>${bar}${host}<script>${call}</script></div>`;
  return { text: `[figure ${figure.name}] ${title}`, html, svg: rendered.svg, png: rendered.png };
}
