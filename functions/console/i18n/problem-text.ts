import type { Language } from "../../domain/language.ts";
import { isTextCode, problemText as known, type ProblemText } from "../../domain/problem-texts.ts";
import { translate } from "./translate.ts";

/** The shared catalogue's text for a code from the API; a code of a newer API is shown rather than hidden. */
export const problemText = (code: string, language: Language): ProblemText =>
  isTextCode(code)
    ? known(code, language)
    : {
        title: translate(language, "failure.other.title", { code }),
        advice: translate(language, "failure.other.advice"),
      };
