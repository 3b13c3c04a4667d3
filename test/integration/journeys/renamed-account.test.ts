import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";

interface Shown {
  readonly username: string;
  readonly connection: {
    readonly state: string;
    readonly reason: string | null;
    readonly email: string;
    readonly advice: string | null;
  };
}

describe("a mail server whose account is renamed at Google", () => {
  let stack: Stack;
  before(async () => {
    // The next tick of checks comes within seconds.
    stack = await startStack({ RELAIS_TIME_SCALE: "60" });
  });
  after(() => stack.stop());

  const json = async <T>(method: string, path: string, body?: unknown, headers = {}): Promise<T> => {
    const answer = await stack.relais.operate(method, path, body, headers);
    const value: T = await answer.json();
    assert.ok(answer.ok, JSON.stringify(value));
    return value;
  };
  const show = (id: string): Promise<Shown> => json("GET", `/v1/mail-servers/${id}`);
  const test = (id: string): Promise<{ ok: boolean; stages: { stage: string; ok: boolean }[] }> =>
    json("POST", `/v1/mail-servers/${id}/test`, {});
  const send = (server: string, subject: string, more = {}): Promise<{ status: string; messageId: string }> => {
    const body = { server, to: "client@example.org", subject, text: "Bonjour", ...more };
    return json("POST", "/v1/messages", body, { Prefer: "wait=20" });
  };
  const arrived = (messageId: string): string => {
    const [mail, ...more] = stack.sandbox.control.mails().filter((one) => one.messageId === messageId);
    assert.equal(more.length, 0);
    return /^From: (.*)\r$/m.exec(mail?.raw.toString() ?? "")?.[1] ?? "nothing";
  };

  it("keeps sending under its former address, now an alias, says so, and accepts the new one without a consent", async () => {
    const id = await connectedServer(stack, { name: "Ada" });
    assert.equal((await send(id, "Before")).status, "sent");
    stack.sandbox.control.rename("ada@example.com", "ada.new@example.com");
    const tested = await test(id);
    assert.equal(tested.ok, true, JSON.stringify(tested));
    const { username, connection } = await show(id);
    assert.deepEqual([username, connection.email], ["ada@example.com", "ada.new@example.com"]);
    assert.deepEqual([connection.state, connection.reason], ["valid", "account_renamed"]);
    assert.match(connection.advice ?? "", /username/);
    const meanwhile = await send(id, "Meanwhile");
    assert.equal(meanwhile.status, "sent");
    assert.match(arrived(meanwhile.messageId), /ada@example\.com/, "Gmail left the alias in From");

    const patched = await json<Shown>("PATCH", `/v1/mail-servers/${id}`, { username: "ada.new@example.com" });
    assert.deepEqual([patched.connection.state, patched.connection.reason], ["valid", null]);
    assert.equal((await test(id)).ok, true);
    const afterwards = await send(id, "Afterwards");
    assert.equal(afterwards.status, "sent");
    assert.match(arrived(afterwards.messageId), /ada\.new@example\.com/);
    const former = await send(id, "From a program that knows no better", { from: "ada@example.com" });
    assert.equal(former.status, "sent");
    assert.match(arrived(former.messageId), /ada@example\.com/);
    const audit = await stack.relais.operate("GET", "/v1/audit");
    const connections = (await audit.text()).match(/connection\.connect/g) ?? [];
    assert.equal(connections.length, 1, "no second consent");
  });

  it("keeps sending if the mail itself discovers the rename because its token has expired", async () => {
    const id = await connectedServer(stack, { name: "Grace", username: "grace@example.com" });
    stack.sandbox.control.rename("grace@example.com", "grace.new@example.com");
    const message = await send(id, "After the rename");
    assert.equal(message.status, "sent");
    assert.match(arrived(message.messageId), /grace@example\.com/);
    assert.equal((await show(id)).connection.reason, "account_renamed");
  });

  it("holds its mail if the former address is not an alias, and sends under the new one once the server has it", async () => {
    const id = await connectedServer(stack, { name: "Facturation 2", username: "facturation@example.com" });
    stack.sandbox.control.rename("facturation@example.com", "invoices@example.com", { withoutAlias: true });
    await test(id);
    // The refresh reveals the new address; the check that it requests reads the aliases.
    await eventually("the aliases are read", async () => (await show(id)).connection.state === "error");
    assert.equal((await show(id)).connection.reason, "account_renamed");
    const failed = await test(id);
    assert.deepEqual(
      failed.stages.map(({ stage, ok }) => `${stage} ${ok}`),
      ["token true", "scope true", "identity false"],
    );
    assert.equal((await send(id, "Held")).status, "held");
    await json("PATCH", `/v1/mail-servers/${id}`, { username: "invoices@example.com" });
    const message = await send(id, "Under the new name");
    assert.equal(message.status, "sent");
    assert.match(arrived(message.messageId), /invoices@example\.com/);
  });
});
