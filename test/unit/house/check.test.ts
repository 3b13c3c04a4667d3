import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, posix, relative } from "node:path";
import { after, describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { importFaults } from "../../tools/imports.ts";
import { layoutFaults } from "../../tools/layout.ts";
import { SourceTree } from "../../tools/source-tree.ts";

// Breaks each rule of the house in a copy, and expects the check to report it.

const root = join(import.meta.dirname, "../../..");
const PARTS = [
  "functions/domain",
  "functions/adapters",
  "functions/runtime",
  "functions/submission",
  "functions/authorize-start",
  "functions/confirm-callback",
  "functions/mail-servers",
  "functions/send-mail",
  "functions/deliver-mail",
  "functions/refresh-tokens",
  "functions/mail-documents",
  "functions/dispatch-due",
  "functions/client",
  "infra/functions.tf",
  "infra/documents.tf",
  "firebase.json",
  "package.json",
  "tsconfig.json",
  "test/builders/clock.ts",
];

const copy = mkdtempSync(join(tmpdir(), "relais-house-"));
for (const part of PARTS) cpSync(join(root, part), join(copy, part), { recursive: true });
after(() => rmSync(copy, { recursive: true }));

/** Runs some steps of `npm run check` on a copy. */
const checkOf = (at: string, ...steps: readonly string[]) => {
  const run = spawnSync(process.execPath, [join(root, "test/tools/check.ts"), at, ...steps], { encoding: "utf8" });
  return { status: run.status, output: stripVTControlCharacters(`${run.stdout}${run.stderr}`) };
};

const read = (path: string): string | null => {
  try {
    return readFileSync(join(copy, path), "utf8");
  } catch {
    return null;
  }
};

const write = (path: string, text: string, into = copy): void => {
  mkdirSync(dirname(join(into, path)), { recursive: true });
  writeFileSync(join(into, path), text);
};

/** What the layout check says with this content of a file, which is restored afterwards. */
const faultsWith = (path: string, text: string): string => {
  const before = read(path);
  write(path, text);
  const faults = layoutFaults(copy).join("\n");
  if (before === null) rmSync(join(copy, path));
  else write(path, before);
  return faults;
};

const importing = (from: string): string => `import { it } from "${from}";\n\nconsole.log(it);\n`;

describe("the check", () => {
  it("passes as it stands", () => {
    // The linter judges each file by itself, and all of them when the check itself runs.
    assert.deepEqual(layoutFaults(copy), []);
  });

  it("fails on a breach of the layout", () => {
    write("notes.txt", "");
    const { status, output } = checkOf(copy, "layout");
    rmSync(join(copy, "notes.txt"));
    assert.equal(status, 1);
    assert.match(output, /notes\.txt is outside the fixed top level/);
  });

  const LINT: readonly (readonly [what: string, path: string, text: string, rule: string])[] = [
    ["domain → adapters", "functions/domain/a.ts", importing("../adapters/sqlite/open.ts"), "noRestrictedImports"],
    ["domain → runtime", "functions/domain/messages/b.ts", importing("../../runtime/system.ts"), "noRestrictedImports"],
    ["domain → an SDK", "functions/domain/c.ts", importing("@google-cloud/firestore"), "noRestrictedImports"],
    ["domain → another SDK", "functions/domain/d.ts", importing("nodemailer"), "noRestrictedImports"],
    ["domain → I/O", "functions/domain/e.ts", importing("node:fs/promises"), "noRestrictedImports"],
    ["domain → sockets", "functions/domain/f.ts", importing("node:net"), "noRestrictedImports"],
    [
      "adapters → runtime",
      "functions/adapters/sqlite/g.ts",
      importing("../../runtime/config.ts"),
      "noRestrictedImports",
    ],
    ["runtime → tests", "functions/runtime/k.ts", importing("../../test/builders/clock.ts"), "noRestrictedImports"],
    ["runtime → index", "functions/runtime/h.ts", importing("../send-mail/index.ts"), "noRestrictedImports"],
    ["index → domain", "functions/send-mail/index.ts", importing("../domain/clock.ts"), "noRestrictedImports"],
    [
      "index → adapters",
      "functions/deliver-mail/index.ts",
      importing("../adapters/sqlite/open.ts"),
      "noRestrictedImports",
    ],
    ["the SMTP door → an SDK", "functions/submission/l.ts", importing("nodemailer"), "noRestrictedImports"],
    ["client → an SDK", "functions/client/l.ts", importing("nodemailer"), "noRestrictedImports"],
    ["client → Node", "functions/client/m.ts", importing("node:crypto"), "noRestrictedImports"],
    ["client → adapters", "functions/client/n.ts", importing("../adapters/sqlite/open.ts"), "noRestrictedImports"],
    ["a barrel", "functions/domain/messages/index.ts", 'export * from "./message.ts";\n', "noReExportAll"],
    ["any", "functions/domain/i.ts", "export const anything: any = 1;\n", "noExplicitAny"],
    ["what is not formatted", "functions/domain/j.ts", "export const a = 'x'\n", "format"],
  ];
  it("fails on each import in the wrong direction, on barrels, on any and on bad formatting", () => {
    // Nothing but these files, since the linter judges each by itself.
    const mutants = mkdtempSync(join(tmpdir(), "relais-lint-"));
    cpSync(join(root, ".biome.json"), join(mutants, ".biome.json"));
    for (const [, path] of LINT) write(path, 'export const a = "x";\n', mutants);
    const before = checkOf(mutants, "lint");
    assert.equal(before.status, 0, before.output);
    for (const [, path, text] of LINT) write(path, text, mutants);
    const { status, output } = checkOf(mutants, "lint");
    rmSync(mutants, { recursive: true });
    assert.equal(status, 1);
    for (const [what, path, , rule] of LINT) {
      const told = output.split("\n").some((line) => line.startsWith(path) && line.includes(rule));
      assert.ok(told, `${what} (${path}) was let through:\n${output}`);
    }
  });

  const LAYOUT: readonly (readonly [string, string, string, RegExp])[] = [
    ["an index of more than 25 lines", "functions/send-mail/index.ts", "//\n".repeat(26), /26 lines; 25/],
    ["a folder that says nothing", "functions/domain/utils/x.ts", "", /domain\/utils.*what it does/],
    ["a file that says nothing", "functions/runtime/helpers.ts", "", /helpers\.ts/],
    ["another top-level entry", "docs/x.md", "", /docs is outside the fixed top level/],
    [
      "process.env in an adapter",
      "functions/adapters/x.ts",
      "export const a = process.env.A;\n",
      /process\.env is read in/,
    ],
    [
      "process.env in a part of the SMTP door",
      "functions/submission/x.ts",
      "export const a = process.env.A;\n",
      /process\.env is read in/,
    ],
    ["a clock in the domain", "functions/domain/x.ts", "export const a = Date.now();\n", /given its clock/],
    ["randomness in the domain", "functions/domain/x2.ts", "export const a = Math.random();\n", /given its randomness/],
    ["a request from the domain", "functions/domain/x3.ts", 'export const a = fetch("x");\n', /does no I\/O/],
    [
      "a write on condition made by hand",
      "functions/domain/x4.ts",
      'const a = { op: "replace", kind: "keys" };\n',
      /made by conditionalWrite/,
    ],
    [
      "another ending of contention",
      "functions/domain/messages/x.ts",
      'const a = { code: "contended", retryAfterS: 5 };\n',
      /contention has one ending/,
    ],
    [
      "a contended write thrown as a defect",
      "functions/domain/x5.ts",
      'throw new Error("a key was written to without end");\n',
      /contention has one ending/,
    ],
    [
      "another loop over pages",
      "functions/runtime/x.ts",
      "let cursor: string | null = null;\n",
      /page by page by everyRecord/,
    ],
    ["a function that Terraform does not know", "functions/new-thing/index.ts", "", /new-thing is missing from infra/],
    [
      "a log code that nothing logs",
      "functions/runtime/log-events.ts",
      "export const LOG_EVENTS = {\n  never_heard_of: {\n",
      /nothing logs never_heard_of/,
    ],
    ["a loose file", "functions/x.ts", "", /functions\/x\.ts stands outside/],
    [
      "a comment of more than 120 columns",
      "functions/adapters/sqlite/x.ts",
      `/** ${"word ".repeat(24)}*/\n`,
      /sqlite\/x\.ts:1: a comment has at most 120 columns/,
    ],
    [
      "a line of a longer comment that is too wide",
      "functions/adapters/sqlite/x2.ts",
      `/**\n * ${"word ".repeat(25)}\n */\n`,
      /sqlite\/x2\.ts:2: a comment has at most 120 columns/,
    ],
    [
      "a wide comment behind code",
      "functions/adapters/sqlite/x3.ts",
      `const a = 1; // ${"word ".repeat(23)}\n`,
      /sqlite\/x3\.ts:1: a comment has at most 120 columns/,
    ],
    [
      "a wide comment in Terraform",
      "infra/x.tf",
      `# ${"word ".repeat(24)}\n`,
      /infra\/x\.tf:1: a comment has at most 120 columns/,
    ],
    [
      "a wide comment in a script",
      ".ci/x",
      `# ${"word ".repeat(24)}\n`,
      /\.ci\/x:1: a comment has at most 120 columns/,
    ],
  ];
  /** By which words a fault names its mutant, where that is not the path. */
  const NAMED: Readonly<Record<string, string>> = {
    "docs/x.md": "docs is",
    "functions/domain/utils/x.ts": "functions/domain/utils:",
    "functions/new-thing/index.ts": "new-thing is",
  };
  let layout: readonly string[] | null = null;
  /** What the layout check says of a copy with all these faults, because it reads all files for each answer. */
  const layoutWithAll = (): readonly string[] => {
    if (layout !== null) return layout;
    const before = LAYOUT.map(([, path]) => [path, read(path)] as const);
    for (const [, path, text] of LAYOUT) write(path, text);
    layout = layoutFaults(copy);
    for (const [path, was] of before) was === null ? rmSync(join(copy, path)) : write(path, was);
    for (const made of ["docs", "functions/domain/utils", "functions/new-thing", ".ci"])
      rmSync(join(copy, made), { recursive: true });
    return layout;
  };
  for (const [what, path, , says] of LAYOUT) {
    it(`refuses ${what}`, () => {
      const about = layoutWithAll().filter((fault) => fault.includes(NAMED[path] ?? path));
      assert.match(about.join("\n"), says);
    });
  }

  /** The import faults of these files alone: the check judges what they name, which need not be there. */
  const importFaultsWith = (files: Readonly<Record<string, string>>): readonly string[] => {
    const at = mkdtempSync(join(tmpdir(), "relais-imports-"));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(at, path)), { recursive: true });
      writeFileSync(join(at, path), text);
    }
    const faults = importFaults(new SourceTree(at));
    rmSync(at, { recursive: true });
    return faults;
  };

  /** One file of each folder of the domain, in the order in which they may import each other. */
  const FILES = [
    "clock.ts",
    "google/accounts.ts",
    "access/admission.ts",
    "settings/settings.ts",
    "mail-servers/mail-server.ts",
    "connections/records.ts",
    "messages/message.ts",
    "alerts/alert-mail.ts",
    "notices/tell.ts",
    "doctor/examine.ts",
  ];
  const FORMS: Readonly<Record<string, (target: string) => string>> = {
    "a value": (target) => `import { it } from "${target}";\n`,
    "a type": (target) => `import type {\n  It,\n} from "${target}";\n`,
    "a type within an expression": (target) => `export type It = import("${target}").It;\n`,
    "a value when it is needed": (target) => `export const it = () => import("${target}");\n`,
    "what is exported again": (target) => `export { it } from "${target}";\n`,
  };
  for (const [form, importing] of Object.entries(FORMS)) {
    it(`refuses ${form} from each later folder of the domain, and from no other`, () => {
      const pairs = FILES.flatMap((from) => FILES.filter((to) => to !== from).map((to) => [from, to] as const));
      const mutants = pairs.map(([from, to], at) => {
        const path = join("functions/domain", dirname(from), `mutant-${at}.ts`);
        const target = relative(dirname(path), join("functions/domain", to));
        return { path, back: FILES.indexOf(to) > FILES.indexOf(from), text: importing(`./${target}`) };
      });
      const faults = importFaultsWith(Object.fromEntries(mutants.map(({ path, text }) => [path, text])));
      const refused = mutants.filter(({ path }) => faults.some((fault) => fault.startsWith(`${path} imports`)));
      assert.equal(refused.length, 45);
      assert.deepEqual(
        refused,
        mutants.filter(({ back }) => back),
      );
    });

    it(`refuses a circle closed by ${form}`, () => {
      const [first, second, third] = ["x.ts", "y.ts", "z.ts"].map((name) => `functions/adapters/sqlite/${name}`);
      assert.ok(first && second && third);
      const faults = importFaultsWith({
        [first]: importing("./y.ts"),
        [second]: 'import { it } from "./z.ts";\n',
        [third]: 'import type { It } from "./x.ts";\n',
      });
      assert.equal(faults.length, 1);
      for (const path of [first, second, third]) assert.ok(faults[0]?.includes(path), faults[0]);
    });
  }

  it("refuses a folder of the domain without a place in the order", () => {
    assert.match(importFaultsWith({ "functions/domain/billing/x.ts": "" }).join("\n"), /domain\/billing has no place/);
  });

  it("lets the console import the domain's types, and at run time only the texts and rules that it shares", () => {
    const console = (text: string) => importFaultsWith({ "functions/console/mutant.ts": text }).join("\n");
    const target = "../domain/mail-servers/mail-server-view.ts";
    assert.match(console(`import { etagOf } from "${target}";\n`), /mutant\.ts imports .*at run time/);
    assert.match(console(`import { type AdviceOn, etagOf } from "${target}";\n`), /at run time/);
    assert.match(console(`export { etagOf } from "${target}";\n`), /at run time/);
    assert.equal(console(`import type { mailServerView } from "${target}";\n`), "");
    assert.equal(console(`import { type AdviceOn, type mailServerView } from "${target}";\n`), "");
    assert.equal(console('import { fieldText } from "../domain/field-texts.ts";\n'), "");
  });

  it("lets the SMTP door have what it shares with the rest, and nobody but npm start have the door", () => {
    const faultsOf = (path: string, target: string) =>
      importFaultsWith({ [path]: `import { it } from "${target}";\n` }).join("\n");
    const door = "functions/submission/mutant.ts";
    const others = [
      "../domain/messages/message.ts",
      "../domain/records.ts",
      "../adapters/sqlite/open.ts",
      "../runtime/compose.ts",
      "../runtime/config.ts",
      "../console/texts.ts",
      "../../test/builders/clock.ts",
    ];
    for (const target of others) assert.match(faultsOf(door, target), /mutant\.ts imports .*client of the API/, target);
    for (const target of ["./config.ts", "../domain/secret.ts", "../adapters/http/send-request.ts"])
      assert.equal(faultsOf(door, target), "", target);
    const target = "../../submission/door.ts";
    for (const path of [
      "functions/domain/mutants/x.ts",
      "functions/runtime/handlers/x.ts",
      "functions/adapters/http/x.ts",
    ])
      assert.match(faultsOf(path, target), /only functions\/runtime\/local\/ runs the SMTP door/, path);
    assert.equal(faultsOf("functions/runtime/local/x.ts", target), "");
  });

  it("lets the client have types of the API's views and of its problems, and nothing else of the domain", () => {
    const client = (text: string) => importFaultsWith({ "functions/client/mutant.ts": text }).join("\n");
    const view = "../domain/messages/views/message-view.ts";
    assert.equal(client(`import type { messageView } from "${view}";\n`), "");
    assert.equal(client('import type { ProblemCode } from "../domain/problem.ts";\n'), "");
    assert.match(client(`import { messageView } from "${view}";\n`), /mutant\.ts imports .*at run time/);
    assert.match(client(`export { messageView } from "${view}";\n`), /at run time/);
    for (const other of ["../domain/messages/message.ts", "../runtime/problem-json.ts", "../console/api/types.ts"]) {
      assert.match(client(`import type { It } from "${other}";\n`), /mutant\.ts imports .*the client may import/);
    }
  });

  it("keeps the client out of what runs on a server, and out of the console", () => {
    for (const folder of ["domain", "adapters/sqlite", "runtime", "console"]) {
      const path = `functions/${folder}/mutant.ts`;
      const target = posix.relative(posix.dirname(path), "functions/client/relais.ts");
      assert.match(
        importFaultsWith({ [path]: `import type { Relais } from "${target}";\n` }).join("\n"),
        /for programs/,
      );
    }
  });

  it("does not take a comment for an import", () => {
    const comment = '// import { it } from "./messages/message.ts";\n/* import("./doctor/examine.ts") */\n';
    assert.deepEqual(importFaultsWith({ "functions/domain/x.ts": comment }), []);
  });

  it("refuses a rewrite to, and infrastructure for, a function that does not exist", () => {
    const rewrites = (read("firebase.json") ?? "").replace('"send-mail"', '"no-such-function"');
    assert.match(faultsWith("firebase.json", rewrites), /no-such-function, which is no function/);
    const terraform = (read("infra/functions.tf") ?? "").replace("    send-mail = {", "    no-such-one = {");
    assert.match(faultsWith("infra/functions.tf", terraform), /functions\/no-such-one\/index\.ts is missing/);
  });
});
