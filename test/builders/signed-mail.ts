import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, createPublicKey, createVerify, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTransport, type SendMailOptions } from "nodemailer";

/** Mails that another program has signed, and the readers that check the signature after delivery. */

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

/** Composed and signed by nodemailer (RFC 6376, relaxed/relaxed). */
export const dkimSigned = async (mail: SendMailOptions): Promise<Buffer> => {
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    newline: "windows",
    dkim: {
      domainName: "example.com",
      keySelector: "k1",
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    },
  });
  const { message } = await transport.sendMail(mail);
  assert.ok(Buffer.isBuffer(message));
  return message;
};

const fieldsOf = (header: string): readonly string[] => header.split(/\r\n(?![ \t])/);
const nameOf = (field: string): string => field.slice(0, field.indexOf(":")).trim().toLowerCase();

/** RFC 6376 §3.4.2. */
const relaxedField = (field: string): string => {
  const value = field
    .slice(field.indexOf(":") + 1)
    .replaceAll("\r\n", "")
    .replaceAll(/[ \t]+/g, " ");
  return `${nameOf(field)}:${value.trim()}`;
};
/** RFC 6376 §3.4.4. */
const relaxedBody = (body: string): string => {
  const lines = body.replaceAll(/[ \t]+(?=\r\n)/g, "").replaceAll(/[ \t]+/g, " ");
  const text = lines.replace(/(?:\r\n)*$/, "");
  return text === "" ? "" : `${text}\r\n`;
};

/** Checks the first DKIM signature of a mail as a receiving server does. */
export const verifiesByDkim = (mail: Buffer): boolean => {
  const text = mail.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const fields = fieldsOf(text.slice(0, end));
  const signature = fields.find((field) => nameOf(field) === "dkim-signature") ?? "";
  const tags = new Map(
    signature
      .slice(signature.indexOf(":") + 1)
      .split(";")
      .map((tag) => [tag.slice(0, tag.indexOf("=")).trim(), tag.slice(tag.indexOf("=") + 1).replaceAll(/\s/g, "")]),
  );
  const bodyHash = createHash("sha256")
    .update(Buffer.from(relaxedBody(text.slice(end + 4)), "latin1"))
    .digest("base64");
  if (tags.get("bh") !== bodyHash) return false;
  // Of repeated fields, the last one counts first (§5.4.2).
  const left = [...fields];
  const signed = (tags.get("h") ?? "").split(":").flatMap((name) => {
    const at = left.findLastIndex((field) => nameOf(field) === name.toLowerCase());
    return at === -1 ? [] : left.splice(at, 1).map((field) => `${relaxedField(field)}\r\n`);
  });
  const unsigned = relaxedField(signature.replace(/(;\s*b=)[^;]*/, "$1"));
  const verify = createVerify("RSA-SHA256").update(Buffer.from(signed.join("") + unsigned, "latin1"));
  return verify.verify(
    createPublicKey(publicKey.export({ type: "spki", format: "pem" })),
    tags.get("b") ?? "",
    "base64",
  );
};

/** S/MIME by the machine's openssl; null if it has none. */
export const smime = () => {
  if (spawnSync("openssl", ["version"]).status !== 0) return null;
  const folder = mkdtempSync(join(tmpdir(), "relais-smime-"));
  const file = (name: string): string => join(folder, name);
  const openssl = (...args: readonly string[]) => spawnSync("openssl", args, { encoding: "buffer" });
  const made = openssl(
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-subj",
    "/CN=ada@example.com",
    "-addext",
    "subjectAltName=email:ada@example.com",
    "-addext",
    "extendedKeyUsage=emailProtection",
    "-keyout",
    file("key"),
    "-out",
    file("cert"),
  );
  assert.equal(made.status, 0, String(made.stderr));
  return {
    /** A whole mail in multipart/signed (RFC 8551). */
    sign: (fields: readonly string[], content: string): Buffer => {
      writeFileSync(file("content"), content);
      const done = openssl(
        "cms",
        "-sign",
        "-crlfeol",
        "-in",
        file("content"),
        "-signer",
        file("cert"),
        "-inkey",
        file("key"),
        "-out",
        file("signed"),
      );
      assert.equal(done.status, 0, String(done.stderr));
      return Buffer.concat([Buffer.from(`${fields.join("\r\n")}\r\n`), readFileSync(file("signed"))]);
    },
    verifies: (mail: Buffer): boolean => {
      writeFileSync(file("arrived"), mail);
      return openssl("cms", "-verify", "-in", file("arrived"), "-CAfile", file("cert"), "-purpose", "any").status === 0;
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
};
