const hasControl = (text: string): boolean => /\p{Cc}/u.test(text);

/**
 * Returns a path of our own origin that is safe to redirect to after a sign-in, or null. It must start with one slash
 * and hold no backslash or control character: browsers convert or drop these, making `/\evil.example` another host.
 */
export const ownPath = (text: string): string | null => {
  if (!text.startsWith("/") || text.startsWith("//") || text.length > 2_000) return null;
  if (text.includes("\\") || hasControl(text)) return null;
  const base = "https://relais.invalid";
  const url = URL.canParse(text, base) ? new URL(text, base) : null;
  // The parser removes dot segments, so `/..//evil.example` would come out with two slashes.
  if (url === null || url.origin !== base || url.pathname.startsWith("//")) return null;
  return `${url.pathname}${url.search}${url.hash}`;
};
