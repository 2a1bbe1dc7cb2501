/** Elements from plain values. Text reaches the page as text only. */

type Attributes = Readonly<Record<string, string>>;

/** @param className "" for none @param inside text or elements, in order */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = "",
  inside: string | readonly (Node | string)[] = [],
  attributes: Attributes = {},
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...(typeof inside === "string" ? [inside] : inside));
  return made;
}

/** @throws Error where the page has none */
export function byId<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
  const found = document.getElementById(id);
  if (!found) throw new Error(`byId: expected an element #${id}, got none`);
  return found as Kind;
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** A row of radio buttons; `onChange` is told what is picked. */
export function choices<Name extends string>(
  legend: string,
  options: Readonly<Record<Name, string>>,
  picked: Name,
  onChange: (name: Name) => void,
): HTMLFieldSetElement {
  const group = legend.replace(/\W+/g, "-");
  const labels = (Object.entries(options) as [Name, string][]).map(([name, label]) => {
    const input = element("input", "", [], { type: "radio", name: group, value: name });
    input.checked = name === picked;
    input.addEventListener("change", () => onChange(name));
    return element("label", "", [input, label]);
  });
  return element("fieldset", "choices", [element("legend", "", legend), ...labels]);
}

/** A file for the reader. @param type its media type */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  element("a", "", [], { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // a slow disk may still be reading
}

/** A button that copies a text and says so; where a browser lets no page copy, `instead` is done and said. */
export function copyButton(button: HTMLElement, text: () => string, instead: () => string): void {
  const label = button.textContent;
  button.addEventListener("click", () => {
    const copying = navigator.clipboard?.writeText(text()).then(() => "Copied") ?? Promise.reject(new Error("none"));
    void copying.catch(instead).then((said) => {
      button.textContent = said;
      setTimeout(() => (button.textContent = label), 1500);
    });
  });
}
