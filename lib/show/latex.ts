/**
 * Any text as LaTeX that plain pdflatex compiles: ASCII only, special characters escaped, accents as
 * macros, mathematical signs, Greek letters and signs of further fonts as math. A character without a LaTeX name prints
 * as U+XXXX.
 */

const SPECIAL: Record<string, string> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  $: "\\$",
  "&": "\\&",
  "#": "\\#",
  "%": "\\%",
  _: "\\_",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "$<$",
  ">": "$>$",
  "|": "$|$",
  '"': "''",
  "\u00a0": "~",
  "–": "--",
  "—": "---",
  "‘": "`",
  "’": "'",
  "“": "``",
  "”": "''",
  "…": "\\ldots{}",
  "•": "$\\bullet$",
  "−": "$-$",
  "±": "$\\pm$",
  "×": "$\\times$",
  "·": "$\\cdot$",
  "≤": "$\\leq$",
  "≥": "$\\geq$",
  "≠": "$\\neq$",
  "≈": "$\\approx$",
  "→": "$\\to$",
  "←": "$\\leftarrow$",
  "↑": "$\\uparrow$",
  "↓": "$\\downarrow$",
  "∞": "$\\infty$",
  "°": "$^\\circ$",
  "²": "$^2$",
  "³": "$^3$",
  "½": "$\\frac12$",
  ß: "\\ss{}",
  æ: "\\ae{}",
  Æ: "\\AE{}",
  œ: "\\oe{}",
  Œ: "\\OE{}",
  ø: "\\o{}",
  Ø: "\\O{}",
  ł: "\\l{}",
  Ł: "\\L{}",
  ı: "\\i{}",
  "§": "$\\S$",
  "¶": "$\\P$",
  "©": "\\copyright{}",
  "£": "$\\pounds$",
  "¿": "?`",
  "¡": "!`",
  "†": "$\\dagger$",
  "‡": "$\\ddagger$",
};

/** Combining marks as accent macros of OT1, so that no package is needed. */
const ACCENTS: Record<string, string> = {
  "\u0300": "`",
  "\u0301": "'",
  "\u0302": "^",
  "\u0303": "~",
  "\u0308": '"',
  "\u0304": "=",
  "\u0307": ".",
  "\u0306": "u ",
  "\u030c": "v ",
  "\u030b": "H ",
  "\u030a": "r ",
  "\u0327": "c ",
  "\u0323": "d ",
  "\u0331": "b ",
};

const GREEK: Record<string, string> = Object.fromEntries(
  (
    "α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu µ mu ν nu ξ xi π pi " +
    "ρ rho σ sigma τ tau υ upsilon φ phi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Φ Phi Ψ Psi Ω Omega"
  )
    .split(" ")
    .flatMap((word, i, all) => (i % 2 === 0 ? [[word, `$\\${all[i + 1]}$`]] : [])),
);

/** @param text any text; line breaks become spaces */
export function escapeLatex(text: string): string {
  return [...text.normalize("NFC").replace(/\s+/g, " ")]
    .map(escapeCharacter)
    .join("")
    .replace(/(^|[^\\$\d\w-])-(?=\d)/g, "$1$-$");
}

function escapeCharacter(character: string): string {
  const known = SPECIAL[character] ?? GREEK[character];
  if (known !== undefined) return known;
  if (/^[\x20-\x7e]$/.test(character)) return character;
  const [letter, ...marks] = [...character.normalize("NFD")];
  const macros = marks.map((mark) => ACCENTS[mark]);
  if (letter !== undefined && /^[A-Za-z]$/.test(letter) && macros.length > 0 && macros.every((m) => m !== undefined)) {
    return macros.reduce<string>((inner, macro) => `\\${macro.trim()}{${inner}}`, letter);
  }
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
