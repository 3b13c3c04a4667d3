import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ProtoNode, pickService } from "../../../infra/build/proto-closure.ts";
import { root } from "../../../infra/build/repository.ts";

const read = (path: string) => JSON.parse(readFileSync(join(root, "node_modules/@google-cloud", path), "utf8"));

/** The full names of all messages, enums and services. */
const names = (node: { nested?: Record<string, object> }, path = ""): readonly string[] =>
  Object.entries(node.nested ?? {}).flatMap(([name, child]) => [
    ...("fields" in child || "values" in child || "methods" in child ? [`${path}${name}`] : []),
    ...names(child, `${path}${name}.`),
  ]);

describe("the description of one service", () => {
  it("holds what its methods refer to, through fields and enclosing messages, and nothing else", () => {
    const message = (fields: Record<string, string>, nested?: Record<string, ProtoNode>): ProtoNode => ({
      fields: Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, { type }])),
      ...(nested && { nested }),
    });
    const all: ProtoNode = {
      nested: {
        a: {
          nested: {
            Asked: { methods: { get: { requestType: "Request", responseType: ".b.Answer" } } },
            Other: { methods: { get: { requestType: "Unused", responseType: "Unused" } } },
            Request: message({ id: "string", inner: "Inner" }, { Inner: message({ kind: "Outer.Kind" }) }),
            Outer: message({ never: "Unused" }, { Kind: { values: { X: 0 } } }),
            Unused: message({}),
          },
        },
        b: { nested: { Answer: message({ self: "Answer", text: "string" }), Unused: message({}) } },
      },
    };
    const kept = pickService(all, "a.Asked");
    assert.deepEqual(names(kept), ["a.Asked", "a.Request", "a.Request.Inner", "a.Outer.Kind", "b.Answer"]);
    assert.equal(JSON.stringify(kept).includes("never"), false);
  });

  for (const [path, service, without] of [
    ["firestore-api/build/protos/protos.json", "google.firestore.v1.Firestore", "google.firestore.admin"],
    [
      "secret-manager/build/protos/protos.json",
      "google.cloud.secretmanager.v1.SecretManagerService",
      "google.longrunning",
    ],
  ] as const) {
    it(`holds every method of ${service} as Google's package describes it`, () => {
      const all = read(path);
      const kept = pickService(all, service);
      const at = (json: object) =>
        service.split(".").reduce((node: { nested?: Record<string, object> }, name) => node.nested?.[name] ?? {}, json);
      assert.deepEqual(at(kept), at(all));
      assert.ok(names(kept).length > 20);
      assert.equal(
        names(kept).some((name) => name.startsWith(without)),
        false,
      );
    });
  }
});
