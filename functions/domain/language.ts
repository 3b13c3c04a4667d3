/** The languages that a person can read Relais in. */
export type Language = "fr" | "en";

/** French punctuation stays with its word: no line may begin with a closing guillemet or a colon. */
export const keepTogether = (french: string): string =>
  french.replace(/« /g, "«\u00a0").replace(/ ([»:;?!])/g, "\u00a0$1");
