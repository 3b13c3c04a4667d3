import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../../functions/domain/secret.ts";
import { headerValues } from "../../../functions/submission/header-fields.ts";
import { idempotencyKeyOf, type WholeMail } from "../../../functions/submission/idempotency.ts";

const values = (mail: string, name = "Message-ID"): readonly string[] => headerValues([Buffer.from(mail)], name);

describe("a header field of a mail", () => {
  it("is found in any spelling", () => {
    assert.deepEqual(values("Message-ID: <1@a>\r\n\r\nbody"), ["<1@a>"]);
    assert.deepEqual(values("message-id:<1@a>\n\nbody"), ["<1@a>"]);
    assert.deepEqual(values("Subject: x\r\nMESSAGE-ID \t:\r\n\t<1@a>\r\n\r\n"), ["<1@a>"]);
    assert.deepEqual(values("Message-ID: <1@a>\r\nMessage-Id: <2@a>"), ["<1@a>", "<2@a>"]);
    assert.deepEqual(values("From x Mon Nov 30\r\n: no name\r\nnonsense\r\nMessage-ID: <1@a>\r\n\r\n"), ["<1@a>"]);
  });

  it("is not found in the body, in another field, or in a continuation line", () => {
    assert.deepEqual(values("Subject: x\r\n\r\nMessage-ID: <1@a>\r\n"), []);
    assert.deepEqual(values("Subject: x\n\nMessage-ID: <1@a>\n\n"), []);
    assert.deepEqual(values("X-Message-ID: <1@a>\r\nSubject: x\r\n Message-ID: <1@a>\r\n\r\n"), []);
    assert.deepEqual(values(""), []);
  });

  it("is found across parts, but only within a limited size", () => {
    const mail = `X: ${"x".repeat(5_000)}\r\nMessage-ID: <1@a>\r\n\r\n`;
    const parts = mail.match(/.{1,7}/gs)?.map((part) => Buffer.from(part)) ?? [];
    assert.deepEqual(headerValues(parts, "message-id"), ["<1@a>"]);
    assert.deepEqual(values(`X: ${"x".repeat(300_000)}\r\nMessage-ID: <1@a>\r\n\r\n`), []);
  });
});

describe("the idempotency key of a mail", () => {
  const mail = (more: Partial<WholeMail> = {}, text = "Message-ID: <1@a>\r\n\r\nbody"): WholeMail => ({
    key: new Secret("rk_1_a"),
    server: null,
    recipients: ["a@x.org", "b@x.org"],
    parts: [Buffer.from(text)],
    ...more,
  });
  const keyOf = (...given: Parameters<typeof mail>): string | null => {
    const key = idempotencyKeyOf(mail(...given));
    assert.ok(key.ok);
    return key.value;
  };

  it("depends on the key, server, Message-ID, recipients and bytes, and not on their order or division", () => {
    const others = [
      keyOf({ key: new Secret("rk_1_b") }),
      keyOf({ server: "relais" }),
      keyOf({ server: "" }),
      keyOf({ recipients: ["a@x.org"] }),
      keyOf({ recipients: ["a@x.org, b@x.org"] }),
      keyOf({}, "Message-ID: <2@a>\r\n\r\nbody"),
      keyOf({}, "Message-ID: <1@a>\r\n\r\nBody"),
    ];
    assert.equal(new Set([keyOf(), ...others]).size, 8);
    assert.equal(keyOf({ parts: ["Message-ID: <1", "@a>\r\n\r\nbo", "dy"].map((part) => Buffer.from(part)) }), keyOf());
  });
});
