/** Texts whose pieces are coloured by a signed number: green above 0, orange below, stronger the farther from it. */
import type { Bundle } from "./bundle";
import { escapeHtml } from "./markup";
import { palette, tint } from "./palette";

export interface HeatCell {
  text: string;
  value: number;
  /** stands back: struck */
  faded: boolean;
  /** what a pointer over it shows */
  note: string;
}

export interface HeatRow {
  label: string;
  cells: readonly HeatCell[];
}

/** One notebook display; the colours span the largest value of all rows. @param title what the numbers are */
export function heatBundle(title: string, rows: readonly HeatRow[]): Bundle {
  const most = Math.max(...rows.flatMap(({ cells }) => cells.map(({ value }) => Math.abs(value))), Number.MIN_VALUE);
  const cellHtml = ({ text, value, faded, note }: HeatCell): string => {
    const color = value >= 0 ? palette.supported.color : palette.contradictory.color;
    const style = `background:${tint(color, Math.round((75 * Math.abs(value)) / most) / 100)};text-decoration:none`;
    const tag = faded ? "s" : "span";
    const look = faded ? style.replace("none", "line-through") : style;
    return `<${tag} style="${look}" title="${escapeHtml(note)}">${escapeHtml(text)}</${tag}>`;
  };
  const rowHtml = ({ label, cells }: HeatRow) =>
    `<p style="white-space:pre-wrap;line-height:1.9"><b>${escapeHtml(label)}</b>  ${cells.map(cellHtml).join("")}</p>`;
  const ends = [-most, 0, most].map((value) =>
    cellHtml({ text: ` ${value.toFixed(2)} `, value, faded: false, note: "" }),
  );
  const text = rows.map(({ label, cells }) =>
    [
      `${label}:`,
      ...cells.map(({ text, value, faded }) => `${value >= 0 ? "+" : ""}${value.toFixed(2)} ${quoted(text, faded)}`),
    ].join("\n  "),
  );
  return {
    html: `<div><p>${escapeHtml(title)}: ${ends.join(" ")}</p>${rows.map(rowHtml).join("")}</div>`,
    text: [title, ...text].join("\n"),
  };
}

function quoted(text: string, faded: boolean): string {
  return `${JSON.stringify(text)}${faded ? " (masked)" : ""}`;
}
