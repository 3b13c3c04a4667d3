import type { IncomingMessage, ServerResponse } from "node:http";
import { isLanguage, type Language } from "../../functions/domain/language.ts";
import { chooseLanguage } from "../../functions/runtime/language.ts";
import { cookieValue } from "./http.ts";

/** What a page must know of the person in front of it. */
export interface Reader {
  readonly language: Language;
  /** The page's own address in another language. */
  readonly hrefIn: (language: Language) => string;
}

const PARAMETER = "hl";
const COOKIE = "sandbox_language";
const YEAR_S = 31_536_000;

/** The language just chosen on the page (`hl`, as at Google), else the one chosen before, else the browser's. */
export const readerOf = (req: IncomingMessage, res: ServerResponse): Reader => {
  const url = new URL(req.url ?? "/", "http://sandbox.invalid");
  const chosen = url.searchParams.get(PARAMETER);
  if (isLanguage(chosen)) {
    res.appendHeader("set-cookie", `${COOKIE}=${chosen}; Path=/; Max-Age=${YEAR_S}; HttpOnly; SameSite=Lax`);
  }
  const kept = cookieValue(req.headers.cookie, COOKIE);
  const wanted = [chosen, kept].find(isLanguage);
  return {
    language: wanted ?? chooseLanguage(req.headers["accept-language"], "fr"),
    hrefIn: (language) => {
      const search = new URLSearchParams(url.searchParams);
      search.set(PARAMETER, language);
      return `${url.pathname}?${search}`;
    },
  };
};
