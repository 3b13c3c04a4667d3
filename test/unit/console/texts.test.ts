import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fieldSentences } from "../../../functions/console/i18n/field-message.ts";
import { firstLanguage, localeOf } from "../../../functions/console/i18n/language.ts";
import { timelineNoteText } from "../../../functions/console/i18n/note.ts";
import { problemText } from "../../../functions/console/i18n/problem-text.ts";
import { absoluteTime, instantOf, localInputValue, relativeTime } from "../../../functions/console/i18n/time.ts";
import { textKey, translate } from "../../../functions/console/i18n/translate.ts";
import { TEXTS } from "../../../functions/console/texts.ts";
import { AUDIT_ACTIONS } from "../../../functions/domain/access/audit-actions.ts";
import { defaultAccounts } from "../../google-sandbox/accounts.ts";

const entries = Object.entries(TEXTS);

/** The same word in both languages. */
const SAME_IN_BOTH = new Set([
  "nav.menu",
  "nav.messages",
  "nav.docs",
  "messages.title",
  "message.title",
  "transport.smtp",
  "smtp.port",
  "version.running",
  "server.description",
  "test.ms",
  "key.permissions",
  "audit.action",
  "audit.actor.google",
  "audit.actor.relais",
  "audit.detail.permissions",
  "audit.value.description",
]);

describe("the console's texts", () => {
  it("never repeat the English text in French, unless it is the same word", () => {
    const same = entries.filter(([, { fr, en }]) => (fr as string) === en).map(([key]) => key);
    assert.deepEqual(new Set(same), SAME_IN_BOTH);
  });

  it("are never empty, and have the same placeholders in both languages", () => {
    for (const [key, { fr, en }] of entries) {
      const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([name]) => name).toSorted();
      assert(fr.trim() !== "" && en.trim() !== "", key);
      assert.deepEqual(names(fr), names(en), key);
    }
  });

  it("keep French typography: curly apostrophes, and no break before a colon or question mark", () => {
    for (const [key, { fr }] of entries) {
      assert.doesNotMatch(fr, /'/, key);
      assert.doesNotMatch(fr, / [:;?!»]|« /, key);
    }
  });

  it("are all in use", () => {
    const root = join(import.meta.dirname, "../../../functions/console");
    const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((path) => /\.tsx?$/.test(path) && path !== "texts.ts")
      .map((path) => readFileSync(join(root, path), "utf8"))
      .join("\n");
    const prefixes = [...sources.matchAll(/`([a-zA-Z_.]+\.)\$\{/g)].map(([, prefix]) => prefix ?? "");
    const direct = (key: string) => sources.includes(`"${key}"`);
    const built = (key: string) => prefixes.some((prefix) => key.startsWith(prefix));
    assert.deepEqual(
      entries.map(([key]) => key).filter((key) => !direct(key) && !built(key)),
      [],
    );
  });

  it("name demo accounts that the sandbox has", () => {
    const accounts = defaultAccounts.map(({ email }) => email);
    for (const text of Object.values(TEXTS["sandbox.accounts"])) {
      const named = text.match(/[\w.]+@[\w.]+\w/g) ?? [];
      assert(named.length > 0);
      assert.deepEqual(
        named.filter((address) => !accounts.includes(address)),
        [],
      );
    }
  });

  it("name everything that the audit log can hold", () => {
    assert.deepEqual(
      AUDIT_ACTIONS.filter((action) => textKey(`audit.${action}`) === undefined),
      [],
    );
  });

  it("fill in placeholders, and leave an unknown key built at run time to the caller", () => {
    assert.equal(translate("en", "failure.requestId", { id: "req_1" }), "Request ID: req_1");
    assert.equal(textKey("stage.token"), "stage.token");
    assert.equal(textKey("stage.unheard_of"), undefined);
    assert.equal(textKey("constructor"), undefined);
  });
});

describe("the language", () => {
  it("is the one chosen before, else the first of the browser's that we support, else English", () => {
    assert.equal(firstLanguage("en", ["fr-FR"]), "en");
    assert.equal(firstLanguage(null, ["fr-CA", "en"]), "fr");
    assert.equal(firstLanguage(null, ["de-DE", "fr", "en"]), "fr");
    assert.equal(firstLanguage(null, ["de"]), "en");
    assert.equal(firstLanguage("klingon", []), "en");
  });
});

describe("dates and numbers", () => {
  it("are written as the reader's own variant of the language writes them", () => {
    assert.equal(localeOf("en", ["fr-FR", "en-GB", "en-US"]), "en-GB");
    assert.equal(localeOf("fr", ["fr-CA"]), "fr-CA");
    assert.equal(localeOf("fr", ["en-GB", "fra"]), "fr");
  });
});

describe("problems and field messages", () => {
  it("come from the shared catalogue; a newer API's code is shown, not hidden", () => {
    assert.equal(problemText("scope_missing", "fr").title, "Une autorisation nécessaire n’a pas été cochée");
    assert.match(problemText("some_new_code", "fr").title, /some_new_code/);
    assert.match(problemText("toString", "en").title, /toString/);
  });

  it("say each thing once, in the reader's language; a newer API's message is shown unchanged", () => {
    const tooLong = { path: "/a", code: "too_long", params: { most: 3 }, message: "…" };
    assert.equal(fieldSentences([tooLong, { ...tooLong, path: "/b" }], "fr"), "3 caractères au maximum.");
    assert.equal(fieldSentences([tooLong], "en"), "Must have at most 3 characters.");
    const unheard = { path: "/a", code: "some_new_code", params: {}, message: "must be otherwise" };
    assert.equal(
      fieldSentences([{ ...tooLong, code: "required", params: {} }, unheard], "fr"),
      "Ce champ est obligatoire. Must be otherwise.",
    );
    assert.equal(fieldSentences([{ ...unheard, code: "constructor" }], "fr"), "Must be otherwise.");
    assert.equal(fieldSentences([{ ...unheard, code: null }], "en"), "Must be otherwise.");
  });
});

describe("notes of a message's history", () => {
  const at = { at: "2026-11-12T12:00:00Z", status: "held" } as const;

  it("are in the reader's language, with times in the reader's format", () => {
    const noon = new Date(2026, 10, 12, 12).toISOString();
    const until = { noteCode: "limit_reached_until", noteParams: { until: noon } };
    assert.equal(
      timelineNoteText({ ...at, note: "…", ...until }, "fr"),
      "La limite d’envoi du serveur est atteinte jusqu’au 12 nov. 2026, 12:00.",
    );
    assert.equal(timelineNoteText({ ...at, noteCode: "rescheduled", note: "Rescheduled." }, "fr"), "Reprogrammé.");
  });

  it("are shown unchanged if an earlier or later release wrote them, and left out if there are none", () => {
    assert.equal(timelineNoteText({ ...at, note: "released" }, "fr"), "released");
    assert.equal(timelineNoteText({ ...at, note: "New.", noteCode: "some_new_code" }, "fr"), "New.");
    assert.equal(timelineNoteText({ ...at, note: null }, "fr"), null);
  });
});

describe("times", () => {
  const now = Date.parse("2026-11-12T12:00:00Z");
  it("are relative, in the largest unit that is not zero", () => {
    assert.equal(relativeTime("fr", "2026-11-12T11:57:00Z", now), "il y a 3 minutes");
    assert.equal(relativeTime("en", "2026-11-18T12:00:00Z", now), "in 6 days");
    assert.equal(relativeTime("en", "2026-11-12T10:30:00Z", now), "1 hour ago");
    assert.equal(relativeTime("en", "no time", now), undefined);
    assert.equal(absoluteTime("en", "no time"), undefined);
  });

  it("count days from one local midnight to the next", () => {
    const from = (day: number, hour: number, toDay: number, toHour: number) =>
      relativeTime("en", new Date(2026, 10, toDay, toHour).toISOString(), new Date(2026, 10, day, hour).getTime());
    assert.equal(from(12, 23, 14, 1), "in 2 days", "26 hours, but not tomorrow");
    assert.equal(from(12, 0, 13, 23), "tomorrow", "47 hours");
    assert.equal(from(14, 1, 12, 23), "2 days ago");
    assert.equal(from(13, 23, 12, 0), "yesterday");
    assert.equal(from(12, 23, 13, 1), "in 2 hours");
  });

  it("of a local input are instants, or what was typed for the API to refuse", () => {
    const at = new Date("2026-03-05T07:08:00Z");
    assert.equal(instantOf(localInputValue(at)), at.toISOString());
    for (const typed of ["123456-01-01T10:00", "no time"]) assert.equal(instantOf(typed), typed);
  });

  it("survive a local input to the minute", () => {
    const at = new Date("2026-03-05T07:08:00Z");
    assert.equal(new Date(localInputValue(at)).getTime(), at.getTime());
  });
});
