const hasControl = (text: string): boolean => /\p{Cc}/u.test(text);

/**
 * A path of our own origin, fit for a redirect after a sign-in: starts with one slash, holds no backslash and no control character
 * (browsers drop or turn these, which would make `/\evil.example` another host). Null: anything else.
 */
export const ownPath = (text: string): string | null => {
  if (!text.startsWith("/") || text.startsWith("//") || text.length > 2_000) return null;
  if (text.includes("\\") || hasControl(text)) return null;
  const base = "https://relais.invalid";
  const url = URL.canParse(text, base) ? new URL(text, base) : null;
  // The parser removes dot segments: `/..//evil.example` would come out with two slashes.
  if (url === null || url.origin !== base || url.pathname.startsWith("//")) return null;
  return `${url.pathname}${url.search}${url.hash}`;
};
