import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { pathToFileURL } from "node:url";
import { FUNCTIONS } from "../../../functions/runtime/functions.ts";

const root = join(import.meta.dirname, "../../..");

interface Edit {
  readonly path: string;
  readonly find: string;
  readonly put: string;
}

/** A copy of the product, ready to be changed and run. */
const copy = mkdtempSync(join(tmpdir(), "relais-tables-"));
after(() => rmSync(copy, { recursive: true }));
for (const part of ["functions", "test/google-sandbox", "test/builders", "test/simulator", "package.json"])
  cpSync(join(root, part), join(copy, part), { recursive: true });
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

/** Changes the copy while `act` runs. */
const changed = async <T>(edits: readonly Edit[], act: () => Promise<T>): Promise<T> => {
  const before = new Map(edits.map(({ path }) => [path, readFileSync(join(copy, path), "utf8")]));
  for (const { path, find, put } of edits) {
    const text = readFileSync(join(copy, path), "utf8");
    assert.ok(text.includes(find), `${path} has: ${find}`);
    writeFileSync(join(copy, path), text.replace(find, put));
  }
  try {
    return await act();
  } finally {
    for (const [path, text] of before) writeFileSync(join(copy, path), text);
  }
};

interface Fault {
  readonly file: string;
  /** The error with its explanation. */
  readonly text: string;
}

/** How rarely the compiler, a program in Go, collects garbage: its runs are short, and memory is there. */
const RARELY = "400";

/** What the compiler says about these files. */
const compile = (files: readonly string[]): Promise<readonly Fault[]> =>
  new Promise((resolve, reject) => {
    const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"));
    writeFileSync(join(copy, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    const tsc = join(root, "node_modules/.bin/tsc");
    const env = { ...process.env, GOGC: RARELY };
    // Several threads would each check what they share.
    execFile(tsc, ["--pretty", "false", "--singleThreaded"], { cwd: copy, maxBuffer: 32e6, env }, (error, stdout) => {
      if (error !== null && stdout === "") return reject(error);
      const faults = stdout.split(/\n(?=\S)/).flatMap((text) => {
        const file = /^(\S+?)\(\d+,\d+\): error/.exec(text)?.[1];
        return file === undefined ? [] : [{ file, text }];
      });
      resolve(faults);
    });
  });

/** Excuses all other files of the copy: to check what these import as well takes the compiler twice as long. */
const checkOnly = (files: readonly string[]): void => {
  for (const path of globSync("{functions,test}/**/*.{ts,tsx}", { cwd: copy }))
    if (!files.includes(path)) {
      const file = join(copy, path);
      writeFileSync(file, `// @ts-nocheck\n${readFileSync(file, "utf8")}`);
    }
};

const domain = (path: string): string => `functions/domain/${path}`;
const inTable = (path: string, head: string, row: string): Edit => ({ path, find: head, put: `${head}\n${row}` });

const STATUS: Edit = {
  path: domain("messages/message.ts"),
  find: '  | { readonly status: "queued"; readonly dueAtMs: number }',
  put: '  | { readonly status: "queued"; readonly dueAtMs: number }\n  | { readonly status: "quarantined"; readonly dueAtMs: number }',
};

interface Addition {
  readonly what: string;
  /** The name by which an error is recognized as its own. */
  readonly name: string;
  readonly edits: readonly Edit[];
  /** The files that must follow. */
  readonly places: readonly string[];
}

/**
 * The additions that one run of the compiler can show. Together, no list of what is missing gets so long that the
 * compiler shortens it.
 */
const ADDITIONS: readonly (readonly Addition[])[] = [
  [
    {
      what: "a status of a message",
      name: "quarantined",
      edits: [STATUS],
      places: [
        domain("messages/statuses.ts"),
        domain("messages/moves.ts"),
        domain("messages/due/dispatch.ts"),
        "functions/console/widgets/looks.ts",
        "functions/console/texts.ts",
      ],
    },
    {
      what: "a reason of a connection",
      name: "moved_away",
      edits: [inTable(domain("connection-states.ts"), "export const REASONS = {", '  moved_away: ["error"],')],
      places: [domain("problem-texts.ts")],
    },
    {
      what: "an event about a message",
      name: "relais.message.read.v1",
      edits: [{ path: domain("publisher.ts"), find: '"resolved" | ', put: '"resolved" | "read" | ' }],
      places: [domain("messages/message-events.ts")],
    },
    {
      what: "an event about a mail server",
      name: "relais.server.renamed.v1",
      edits: [{ path: domain("publisher.ts"), find: '"disconnected" | ', put: '"disconnected" | "renamed" | ' }],
      places: [domain("notices/tell.ts")],
    },
    {
      what: "a problem code",
      name: "gone_fishing",
      edits: [{ path: domain("problem.ts"), find: '| "forbidden"', put: '| "forbidden" | "gone_fishing"' }],
      places: [domain("problem-texts.ts"), "functions/runtime/problem-json.ts"],
    },
    {
      what: "a log code",
      name: "pigeon_lost",
      edits: [{ path: domain("log.ts"), find: '| "event_lost"', put: '| "event_lost"\n  | "pigeon_lost"' }],
      places: ["functions/runtime/log-events.ts"],
    },
    {
      what: "a function",
      name: "count-things",
      edits: [inTable("functions/runtime/functions.ts", "export const FUNCTIONS = {", '  "count-things": "hosting",')],
      places: ["functions/runtime/local/functions.ts"],
    },
    {
      what: "a state of a connection",
      // A state without its members is named by the table that lacks them.
      name: "asleep|ConnectionFacts",
      edits: [inTable(domain("connection-states.ts"), "export const NEXT_STATES = {", "  asleep: [],")],
      places: [
        domain("mail-servers/mail-server.ts"),
        "functions/console/widgets/looks.ts",
        "functions/console/texts.ts",
      ],
    },
    {
      what: "a transport",
      name: "jmap",
      edits: [
        inTable(
          domain("transport.ts"),
          "export const TRANSPORTS = {",
          '  jmap: { scopes: [FULL_MAIL], vouching: false, utf8: { taken: "never", refusal: "no_utf8_by_api" }, sendsTo: "envelope", beyondProbe: [] },',
        ),
      ],
      places: [domain("google/reply-table.ts"), "functions/runtime/compose.ts", "functions/console/texts.ts"],
    },
  ],
  [
    {
      what: "a language",
      name: "de",
      edits: [inTable(domain("language.ts"), "const RULES = {", '  de: { name: "Deutsch", typeset: (text) => text },')],
      places: [
        domain("problem-texts.ts"),
        domain("field-texts.ts"),
        domain("detail-texts.ts"),
        domain("from-refusal-text.ts"),
        domain("messages/timeline-notes.ts"),
        domain("mail-servers/test-message.ts"),
        domain("alerts/alert-mail.ts"),
        domain("doctor/texts.ts"),
        "functions/runtime/pages/problem-page.ts",
        "functions/console/texts.ts",
      ],
    },
  ],
];

/** The name by itself, or at the end of the key of a text. */
const wordOf = (name: string): RegExp =>
  new RegExp(`(?<![\\w.])(?:[\\w.]+\\.)?(?:${name.replaceAll(".", "\\.")})(?:Hint)?(?![\\w.])`);

const PROBES = [
  'moveTo(sent, { status: "queued", dueAtMs: 1 }, { nowMs: 1 });',
  'moveTo(held, { status: "sending", dueAtMs: 1, fence: 1, phase: "claimed" }, { nowMs: 1 });',
  'moveTo(any, { status: "queued", dueAtMs: 1 }, { nowMs: 1 });',
  'use({ state: "expiring", grant, expiresAtMs: 1, reason: "gmail_refused" });',
  'use({ state: "error", grant, reason: "idle_6m", sinceMs: 1 });',
  'use({ state: "not_connected", reason: "scope_missing" });',
  // These compile as they are.
  'moveTo(held, { status: "queued", dueAtMs: 1 }, { nowMs: 1 });',
  'use({ state: "error", grant, reason: "scope_missing", sinceMs: 1 });',
].map((line, index) => ({ line, path: domain(`probe-${index}.ts`) }));

const PROBE_HEAD = `import type { Connection, Grant } from "./mail-servers/mail-server.ts";
import type { Message } from "./messages/message.ts";
import { moveTo } from "./messages/moves.ts";
import type { MessageIn } from "./messages/statuses.ts";
export const probe = (any: Message, sent: MessageIn<"sent">, held: MessageIn<"held">, grant: Grant, use: (one: Connection) => void): void => {
`;

const PLACES = ADDITIONS.flat().flatMap(({ edits, places }) => [...edits.map(({ path }) => path), ...places]);

/** What the compiler says of this group of additions, and of the probes beside the last of them. */
const faultsOf = (group: (typeof ADDITIONS)[number]): Promise<readonly Fault[]> => {
  const edits = group.flatMap((addition) => addition.edits);
  // A language changes nothing about moves and reasons.
  const probes = group === ADDITIONS.at(-1) ? PROBES : [];
  for (const { line, path } of probes)
    writeFileSync(join(copy, path), `${PROBE_HEAD}  ${line}\n  void [any, sent, held, grant, use, moveTo];\n};\n`);
  const files = [...edits, ...probes].map(({ path }) => path).concat(group.flatMap(({ places }) => places));
  return changed(edits, () => compile(files));
};

suite("What is added to a table", () => {
  const said = new Map<(typeof ADDITIONS)[number], readonly Fault[]>();
  before(async () => {
    checkOnly(PLACES);
    for (const group of ADDITIONS) said.set(group, await faultsOf(group));
  });

  for (const group of ADDITIONS) {
    test(`the compiler names every place that must follow: ${group.map(({ what }) => what).join(", ")}`, () => {
      const faults = said.get(group) ?? [];
      for (const { what, name, places } of group) {
        const about = faults.filter(({ text }) => wordOf(name).test(text)).map(({ file }) => file);
        assert.deepEqual(
          places.filter((place) => !about.includes(place)),
          [],
          `of ${what}, where ${about.join(", ")} do`,
        );
      }
    });
  }

  test("moves and reasons that the tables do not know do not compile", () => {
    const named = new Set((said.get(ADDITIONS.at(-1) ?? []) ?? []).map(({ file }) => file));
    assert.deepEqual(
      PROBES.map(({ path }) => path).filter((path) => named.has(path)),
      PROBES.map(({ path }) => path).slice(0, 6),
    );
  });
});

const UNHANDLED =
  'stage: "waiting", first: true, claimable: "never", ages: "never", dueByExpiry: false, dueIsNextAttempt: false, endsWait: false, body: "kept", commands: [], event: null';

/** Loads these parts of the product with a status that is in the tables and nowhere else. */
const loadWithStatus = () => {
  const load = (path: string) => import(pathToFileURL(join(copy, path)).href);
  const edits = [
    STATUS,
    inTable(domain("messages/statuses.ts"), "export const NEXT = {", "  quarantined: [],"),
    inTable(domain("messages/statuses.ts"), "export const STATUSES = {", `  quarantined: { ${UNHANDLED} },`),
  ];
  return changed(edits, async () => {
    const { delivery }: typeof import("../../builders/delivery.ts") = await load("test/builders/delivery.ts");
    const { dispatchDue }: typeof import("../../../functions/domain/messages/due/dispatch.ts") = await load(
      domain("messages/due/dispatch.ts"),
    );
    const { deliverMessage }: typeof import("../../../functions/domain/messages/deliver/deliver.ts") = await load(
      domain("messages/deliver/deliver.ts"),
    );
    return { delivery, dispatchDue, deliverMessage };
  });
};

test("a status that is added and not handled is never sent", async () => {
  const { delivery, dispatchDue, deliverMessage } = await loadWithStatus();
  const stack = await delivery();
  await stack.accept("msg_1");
  await stack.accept("msg_2");
  const before = await stack.deps.records.get("messages", "msg_1");
  assert.ok(before);
  const { id, version } = before;
  const value = Object.assign({}, before.value, { status: "quarantined", dueAtMs: 1 });
  await stack.setServer({});
  await stack.deps.records.commit([{ op: "replace", kind: "messages", id, version, value }]);
  stack.clock.advance(60_000);
  await dispatchDue(stack.deps);
  assert.deepEqual(stack.published(), ["msg_2"], "nobody is asked to send it");
  for (const each of ["msg_1", "msg_2"]) await deliverMessage(stack.deps, each);
  assert.equal(stack.attempts.length, 1, "Gmail hears of the other message alone");
  assert.deepEqual(await stack.message(id), value);
});

test("the table of functions names exactly the folders that hold an index.ts", () => {
  const folders = readdirSync(join(root, "functions")).filter((name) =>
    existsSync(join(root, "functions", name, "index.ts")),
  );
  assert.deepEqual(folders.sort(), Object.keys(FUNCTIONS).sort());
});
