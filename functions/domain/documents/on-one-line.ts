/**
 * Makes a text one line, as what becomes a header must be: what would break it is a blank, also where the text was
 * folded by a line break and a tab. nodemailer, which the extension uses, sends such a text too.
 */
export const onOneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ").trim();
