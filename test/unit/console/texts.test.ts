import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fieldMessageText } from "../../../functions/console/i18n/field-message.ts";
import { firstLanguage, localeOf } from "../../../functions/console/i18n/language.ts";
import { problemText } from "../../../functions/console/i18n/problem-text.ts";
import { absoluteTime, localInputValue, relativeTime } from "../../../functions/console/i18n/time.ts";
import { textKey, translate } from "../../../functions/console/i18n/translate.ts";
import { TEXTS } from "../../../functions/console/texts.ts";
import { parseWith } from "../../../functions/domain/field-problems.ts";
import { mailServerInput } from "../../../functions/domain/mail-servers/mail-server-input.ts";

const entries = Object.entries(TEXTS);

/** The same word in both languages. */
const SAME_IN_BOTH = new Set([
  "nav.menu",
  "nav.messages",
  "messages.title",
  "message.title",
  "transport.smtp",
  "server.description",
  "test.ms",
  "key.permissions",
  "audit.detail.permissions",
  "audit.value.description",
]);

describe("the console's texts", () => {
  it("hold no French text that is the English one, unless it is the same word", () => {
    const same = entries.filter(([, { fr, en }]) => (fr as string) === en).map(([key]) => key);
    assert.deepEqual(new Set(same), SAME_IN_BOTH);
  });

  it("are never empty, and fill in the same names in both languages", () => {
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

  it("are all in use: no sentence is translated for nobody", () => {
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

  it("name everything that the audit log can hold", () => {
    const root = join(import.meta.dirname, "../../../functions/domain");
    const sources = readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => readFileSync(join(root, path), "utf8"))
      .join("\n");
    const actions = [...sources.matchAll(/\baction: [^,\n]*?"([a-z_]+\.[a-z_]+)"/g)].map(([, action]) => action);
    assert(actions.length >= 15, actions.join());
    assert.deepEqual(
      actions.filter((action) => textKey(`audit.${action}`) === undefined),
      [],
    );
  });

  it("fill in names, and leave an unknown key made at run time to the caller", () => {
    assert.equal(translate("en", "failure.requestId", { id: "req_1" }), "Request id: req_1");
    assert.equal(textKey("stage.token"), "stage.token");
    assert.equal(textKey("stage.unheard_of"), undefined);
    assert.equal(textKey("constructor"), undefined);
  });
});

describe("the language", () => {
  it("is the one chosen before, else the browser's first that we speak, else English", () => {
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
  it("come from the shared catalogue; a code of a newer API is named, not hidden", () => {
    assert.equal(problemText("scope_missing", "fr").title, "Une autorisation nécessaire n’a pas été cochée");
    assert.match(problemText("some_new_code", "fr").title, /some_new_code/);
    assert.match(problemText("toString", "en").title, /toString/);
  });

  it("are in French for everything the mail server form can be refused for", () => {
    const wrong = [
      { name: "", username: "nobody" },
      { name: "srv_x", username: "ada@example.com", fromFilter: ["x y"], priority: -1 },
      { name: "a".repeat(200), username: "ada@example.com", priority: 1.5, limits: { perDay: 0, perMinute: 1e9 } },
      { name: "a\nb", username: "ada@example.com", priority: 1e9, other: 1 },
    ];
    const said = wrong.flatMap((body) => {
      const parsed = parseWith(mailServerInput, body);
      assert(!parsed.ok && parsed.problem.code === "invalid_request");
      return parsed.problem.fields.map(({ message }) => message);
    });
    assert(said.length >= 10);
    for (const message of said) {
      assert.notEqual(fieldMessageText(message, "fr"), message, message);
      assert.notEqual(fieldMessageText(message, "fr"), fieldMessageText(message, "en"), message);
    }
    assert.equal(fieldMessageText("something new", "fr"), "something new");
    assert.equal(
      fieldMessageText("must not be empty\nmust be at least 1", "fr"),
      "Ce champ est obligatoire. Au moins 1.",
      "several for one field",
    );
  });
});

describe("what the settings, keys, mail servers and a new time can be refused for", () => {
  const domain = join(import.meta.dirname, "../../../functions/domain");
  /** Of a value of the wrong type, which no form of the console gives; for permissions the keys' form has words of its own. */
  const NO_FORM =
    /^must be (text|a string|an? object|an object or null|true or false|a list|internal, |a mail server's id$)|one permission$|^is set by/;

  it("is said in both languages", () => {
    const files = ["address-input.ts", "text-input.ts", "messages/reschedule.ts", "access/key-register.ts"];
    for (const folder of ["settings", "mail-servers"])
      for (const name of readdirSync(join(domain, folder))) if (name.endsWith(".ts")) files.push(join(folder, name));
    const said = files.flatMap((file) =>
      [...readFileSync(join(domain, file), "utf8").matchAll(/"((?:must|is) [a-z@][^"]+)"/g)].map(
        ([, text = ""]) => text,
      ),
    );
    const inForms = [...new Set(said)].filter((text) => !NO_FORM.test(text));
    assert(inForms.length >= 12, inForms.join("\n"));
    assert.deepEqual(
      inForms.filter((text) => fieldMessageText(text, "fr") === text || fieldMessageText(text, "en") === text),
      [],
    );
  });
});

describe("times", () => {
  const now = Date.parse("2026-11-12T12:00:00Z");
  it("are said by their distance in the largest unit that is not nought", () => {
    assert.equal(relativeTime("fr", "2026-11-12T11:57:00Z", now), "il y a 3 minutes");
    assert.equal(relativeTime("en", "2026-11-18T12:00:00Z", now), "in 6 days");
    assert.equal(relativeTime("en", "2026-11-12T10:30:00Z", now), "1 hour ago");
    assert.equal(relativeTime("en", "2026-11-14T11:59:00Z", now), "in 2 days", "not tomorrow");
    assert.equal(relativeTime("en", "no time", now), undefined);
    assert.equal(absoluteTime("en", "no time"), undefined);
  });

  it("go into a local input and back to the same minute", () => {
    const at = new Date("2026-03-05T07:08:00Z");
    assert.equal(new Date(localInputValue(at)).getTime(), at.getTime());
  });
});
