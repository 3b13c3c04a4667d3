import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import type { State } from "./state.ts";

/** PEM texts of the sandbox's own authority and of its SMTP server's certificate. */
export interface Certificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export const certificatesOf = async (state: State): Promise<Certificates> => {
  const kept: Certificates = JSON.parse(
    await state.getOrMake("certificates", () => JSON.stringify(issueCertificates())),
  );
  return kept;
};

/**
 * Issues two X.509 certificates (RFC 5280), written in DER: an authority, and the one that it signs for 127.0.0.1 and
 * localhost.
 */
export const issueCertificates = (): Certificates => {
  const authority = newKeys();
  const server = newKeys();
  const issuer = name("Relais Google sandbox CA");
  const ca = certificate(
    { subject: issuer, publicKey: authority.publicKey, extensions: authorityExtensions() },
    issuer,
    authority.privateKey,
  );
  const leaf = certificate(
    { subject: name("127.0.0.1"), publicKey: server.publicKey, extensions: serverExtensions() },
    issuer,
    authority.privateKey,
  );
  return {
    ca: pem(ca),
    certificate: pem(leaf),
    key: server.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
};

const newKeys = () => generateKeyPairSync("ec", { namedCurve: "P-256" });

const tlv = (tag: number, ...contents: readonly Buffer[]): Buffer => {
  const body = Buffer.concat(contents);
  const size = body.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, ...parts);
const bytes = (hex: string): Buffer => Buffer.from(hex, "hex");
const oid = (hex: string): Buffer => tlv(0x06, bytes(hex));
const bitString = (content: Buffer, unusedBits = 0): Buffer => tlv(0x03, Buffer.from([unusedBits]), content);
const TRUE = tlv(0x01, bytes("ff"));

// The object identifiers that we need, in DER.
const ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));
const COMMON_NAME = oid("550403");
const BASIC_CONSTRAINTS = oid("551d13");
const KEY_USAGE = oid("551d0f");
const EXTENDED_KEY_USAGE = oid("551d25");
const SUBJECT_ALTERNATIVE_NAME = oid("551d11");
const SERVER_AUTHENTICATION = oid("2b06010505070301");

const name = (commonName: string): Buffer =>
  sequence(tlv(0x31, sequence(COMMON_NAME, tlv(0x0c, Buffer.from(commonName)))));

const extension = (id: Buffer, value: Buffer, critical: boolean): Buffer =>
  sequence(id, ...(critical ? [TRUE] : []), tlv(0x04, value));

const authorityExtensions = (): Buffer[] => [
  extension(BASIC_CONSTRAINTS, sequence(TRUE), true),
  // keyCertSign and cRLSign: bits 5 and 6.
  extension(KEY_USAGE, bitString(Buffer.from([0b0000_0110]), 1), true),
];

const serverExtensions = (): Buffer[] => [
  extension(BASIC_CONSTRAINTS, sequence(), true),
  // digitalSignature: bit 0.
  extension(KEY_USAGE, bitString(Buffer.from([0b1000_0000]), 7), true),
  extension(EXTENDED_KEY_USAGE, sequence(SERVER_AUTHENTICATION), false),
  // GeneralName: iPAddress [7], dNSName [2].
  extension(
    SUBJECT_ALTERNATIVE_NAME,
    sequence(tlv(0x87, Buffer.from([127, 0, 0, 1])), tlv(0x82, Buffer.from("localhost"))),
    false,
  ),
];

interface Subject {
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
}

const certificate = (about: Subject, issuer: Buffer, issuerKey: KeyObject): Buffer => {
  const DAY_MS = 86_400_000;
  const utcTime = (atMs: number): Buffer =>
    tlv(0x17, Buffer.from(`${new Date(atMs).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
  const toBeSigned = sequence(
    tlv(0xa0, tlv(0x02, bytes("02"))),
    // A leading 01 keeps the serial number positive and of full length.
    tlv(0x02, bytes("01"), randomBytes(15)),
    ECDSA_WITH_SHA256,
    issuer,
    sequence(utcTime(Date.now() - DAY_MS), utcTime(Date.now() + 3_650 * DAY_MS)),
    about.subject,
    about.publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(...about.extensions)),
  );
  return sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(sign("sha256", toBeSigned, issuerKey)));
};

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString("base64").replace(/.{1,64}/g, "$&\n")}-----END CERTIFICATE-----\n`;
