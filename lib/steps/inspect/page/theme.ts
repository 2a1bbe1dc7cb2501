/** Light or dark, as the system is or as a reader chose: the browser remembers it for all such pages. */
import { byId } from "../../../show/browser/dom";
import type { Store } from "./labels";

const key = "mask-dpo-inspect theme";
const schemes: Readonly<Record<string, string>> = { system: "light dark", light: "light", dark: "dark" };

export function followTheme(store: Store | undefined): void {
  const list = byId<HTMLSelectElement>("theme");
  const use = (name: string): void => {
    document.documentElement.style.colorScheme = schemes[name]!;
  };
  const kept = store?.getItem(key) ?? "system";
  list.value = kept in schemes ? kept : "system";
  use(list.value);
  list.addEventListener("change", () => {
    use(list.value);
    store?.setItem(key, list.value);
  });
}
