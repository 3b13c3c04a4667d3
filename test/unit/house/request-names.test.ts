import assert from "node:assert/strict";
import { test } from "node:test";
import { requestName, writesName } from "../../integration/crash/request-names.ts";

test("a point where a worker is killed has one name, whether or not the counts of an hour ride along", () => {
  const claim = ["messages:sending.claimed", "quotas"];
  assert.equal(writesName(claim), "messages:sending.claimed + quotas");
  assert.equal(writesName([...claim, "tallies", "tallies"]), writesName(claim));
  assert.equal(writesName(["tallies"]), undefined);
  assert.equal(writesName(["quotas", "tallies", "tallies"]), undefined, "a tick that moves counts is no delivery's");
  assert.equal(writesName(["quotas"]), "quotas");
  assert.equal(writesName(["quotas", "tallies", "quotas"]), "quotas", "SQLite commits several writers at once");
  assert.equal(writesName(["quotas", "quotas", "tallies", "tallies"]), "quotas");
  const documents = "projects/p/databases/(default)/documents";
  const put = (kind: string, json: object) => ({
    update: { name: `${documents}/${kind}/1`, fields: { json: { stringValue: JSON.stringify(json) } } },
  });
  const commit = (...writes: object[]) =>
    requestName("firestore", { method: "POST", path: "/v1/x:commit", body: JSON.stringify({ writes }) });
  const claimed = [put("messages", { status: "sending", phase: "claimed" }), put("quotas", {})];
  assert.equal(commit(...claimed), "store messages:sending.claimed + quotas");
  assert.equal(commit(...claimed, put("tallies", {})), commit(...claimed));
  assert.equal(commit(put("upkeep", {})), undefined, "the first tick of all has a point that no other passes");
  assert.equal(commit({ delete: `${documents}/notices/1` }), "store notices deleted");
});

test("a look at a message in the mailbox has one name, whichever message it is", () => {
  const google = (method: string, path: string) => requestName("google", { method, path, body: "" });
  assert.equal(google("GET", "/gmail/v1/users/me/messages/faeabe58b8bba0f4?format=metadata"), "google GET message");
  assert.equal(google("GET", "/gmail/v1/users/me/messages?q=x"), "google GET messages");
  assert.equal(google("POST", "/gmail/v1/users/me/messages/send"), "google POST send");
});
