/** Names as ids: small letters, digits and dashes. */

/** "São Paulo" to "sao-paulo". */
export function slug(name: string): string {
  const plain = name
    .replace(/[łŁ]/g, "l")
    .replace(/[øØ]/g, "o")
    .replace(/[đĐð]/g, "d")
    .replace(/ı/g, "i")
    .replace(/ß/g, "ss")
    .replace(/[æÆ]/g, "ae")
    .replace(/[œŒ]/g, "oe");
  return plain
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/**
 * The name that an id was made of, where a text says it: "sao-paulo" is "São Paulo" in "Where is São Paulo?".
 * @returns undefined for a text without it
 */
export function nameIn(text: string, id: string): string | undefined {
  const words = [...text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)].map((word) => ({
    start: word.index,
    end: word.index + word[0].length,
  }));
  const most = id.split("-").length;
  for (let count = 1; count <= most; count++)
    for (let first = 0; first + count <= words.length; first++) {
      const name = text.slice(words[first]!.start, words[first + count - 1]!.end);
      if (slug(name) === id) return name;
    }
  return undefined;
}
