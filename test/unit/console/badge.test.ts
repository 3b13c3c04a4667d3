import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { build } from "esbuild";
import type { ComponentChildren, VNode } from "preact";
import { CONNECTION_STATES } from "../../../functions/domain/connection-states.ts";
import { MESSAGE_STATUSES } from "../../../functions/domain/messages/statuses.ts";

type Badges = typeof import("../../../functions/console/widgets/badge.tsx");

const source = join(import.meta.dirname, "../../../functions/console/widgets/badge.tsx");

/** The badges, compiled. Their language needs a document, which a test has no other use for. */
const load = async (): Promise<Badges> => {
  const { outputFiles } = await build({
    entryPoints: [source],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    banner: { js: "const document = { documentElement: {} };" },
  });
  const [script] = outputFiles;
  assert.ok(script);
  return import(`data:text/javascript;base64,${Buffer.from(script.contents).toString("base64")}`);
};

interface Shown {
  readonly tone: string;
  readonly text: string;
}

/** Calls a badge's components down to its element. */
const shown = (badge: VNode): Shown => {
  if (typeof badge.type === "function") {
    const render = badge.type as (props: unknown) => VNode;
    return shown(render(badge.props));
  }
  const { class: classes, children } = badge.props as { readonly class: string; readonly children: ComponentChildren };
  const text = [children].flat().filter((child) => typeof child === "string");
  return { tone: classes.replace("badge ", ""), text: text.join("") };
};

describe("a badge", () => {
  let badges: Badges;
  before(async () => {
    badges = await load();
  });
  const ofMessage = (status: string, refused = 0): Shown =>
    shown(badges.MessageBadge({ status: status as "queued", refused }));
  const ofConnection = (state: string): Shown => shown(badges.ConnectionBadge({ state: state as "valid" }));

  // The last two are names that every object has.
  for (const later of ["quarantined", "<b>", "", "constructor", "toString"]) {
    it(`is neutral and shows the name itself for a status of a later release: ${JSON.stringify(later)}`, () => {
      const expected = { tone: "neutral", text: `${later} (unknown to this version)` };
      assert.deepEqual(ofMessage(later), expected);
      assert.deepEqual(ofConnection(later), expected);
    });
  }

  it("has a text of its own for every known status", () => {
    const texts = [...MESSAGE_STATUSES.map((status) => ofMessage(status)), ...CONNECTION_STATES.map(ofConnection)];
    for (const { text } of texts) assert.doesNotMatch(text, /^$|unknown to this version/);
  });

  it("warns if some recipients were refused, whatever the status", () => {
    for (const status of ["sent", "quarantined"]) assert.equal(ofMessage(status, 2).tone, "warn", status);
  });
});
