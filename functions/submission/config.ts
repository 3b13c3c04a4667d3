import * as z from "zod";
import { ConfigError, type Environment } from "../runtime/config-error.ts";
import { flag, rootUrl } from "../runtime/config-values.ts";
import { type Certificate, type CertificateFiles, readCertificate } from "./certificate.ts";
import { errorText } from "./error-text.ts";
import { isLoopbackHost, type ListenAddress, parseListenAddress, showAddress } from "./listen-address.ts";

export interface DoorConfig {
  /** Without a trailing slash. */
  readonly relaisUrl: string;
  /** Without TLS at first; STARTTLS is offered if there is a certificate. */
  readonly listen: readonly ListenAddress[];
  /** With TLS from the first byte. */
  readonly listenTls: readonly ListenAddress[];
  readonly certificate: { readonly files: CertificateFiles; readonly first: Certificate } | null;
  /** Whether passwords may come without TLS from other machines. */
  readonly allowClear: boolean;
}

/** Addresses separated by commas. */
const listenAddresses = z.string().transform((text, context) => {
  const addresses = text.split(",").map((one) => parseListenAddress(one.trim()));
  if (addresses.includes(null)) context.addIssue("must be host:port, such as 127.0.0.1:2525, more by commas");
  return addresses.filter((one) => one !== null);
});

const SCHEMA = z.object({
  RELAIS_URL: z.string("is required: set it to the URL of Relais, such as https://relais.example.com").pipe(rootUrl()),
  SMTP_LISTEN: listenAddresses.default([{ host: "127.0.0.1", port: 2525 }]),
  SMTP_TLS_LISTEN: listenAddresses.default([]),
  SMTP_TLS_CERT: z.string().optional(),
  SMTP_TLS_KEY: z.string().optional(),
  SMTP_ALLOW_CLEAR: flag().optional(),
});

type Given = Readonly<Record<string, string>>;

const filesIn = ({ SMTP_TLS_CERT: cert, SMTP_TLS_KEY: key }: Given): CertificateFiles | null =>
  cert === undefined || key === undefined ? null : { cert, key };

const fileMistakes = (given: Given): string[] => {
  const files = filesIn(given);
  if (files === null) {
    const [missing, other] =
      given.SMTP_TLS_CERT === undefined ? ["SMTP_TLS_CERT", "SMTP_TLS_KEY"] : ["SMTP_TLS_KEY", "SMTP_TLS_CERT"];
    return given[other] === undefined ? [] : [`${missing} is required with ${other}`];
  }
  try {
    readCertificate(files);
    return [];
  } catch (error) {
    return [
      `SMTP_TLS_CERT and SMTP_TLS_KEY must be PEM files of a certificate and its key without a passphrase (${errorText(error)})`,
    ];
  }
};

const openHosts = (given: Given): string[] =>
  (given.SMTP_LISTEN ?? "")
    .split(",")
    .flatMap((text) => parseListenAddress(text.trim()) ?? [])
    .filter(({ host }) => !isLoopbackHost(host))
    .map(showAddress);

/** Addresses that are listed twice, within a list or in both. */
const doubled = (given: Given): string[] => {
  const all = [given.SMTP_LISTEN, given.SMTP_TLS_LISTEN].flatMap((list) => (list ?? "").split(","));
  const texts = all.map((text) => text.trim().toLowerCase()).filter((text) => text !== "");
  return [...new Set(texts.filter((text, at) => texts.indexOf(text) !== at))];
};

/** Mistakes that no single variable shows; it looks at what is set, even if the schema has found mistakes too. */
const conflicts = (given: Given): string[] => {
  const mistakes = fileMistakes(given);
  const hasTls = given.SMTP_TLS_CERT !== undefined || given.SMTP_TLS_KEY !== undefined;
  if (given.SMTP_TLS_LISTEN !== undefined && !hasTls)
    mistakes.push("SMTP_TLS_LISTEN needs a certificate: set SMTP_TLS_CERT and SMTP_TLS_KEY");
  const open = openHosts(given);
  if (open.length > 0 && !hasTls && given.SMTP_ALLOW_CLEAR !== "1")
    mistakes.push(
      `SMTP_LISTEN must be loopback only without TLS (${open.join(", ")}): set SMTP_TLS_CERT and SMTP_TLS_KEY, or SMTP_ALLOW_CLEAR=1 if passwords may cross that network unencrypted`,
    );
  for (const address of doubled(given)) mistakes.push(`SMTP_LISTEN and SMTP_TLS_LISTEN must name ${address} once`);
  if (given.NODE_TLS_REJECT_UNAUTHORIZED === "0")
    mistakes.push(
      "NODE_TLS_REJECT_UNAUTHORIZED must not be 0: TLS certificates are always verified (to trust an authority of your own, set NODE_EXTRA_CA_CERTS)",
    );
  return mistakes;
};

/**
 * Reads the door's configuration from an environment, where an empty variable counts as unset, and the certificate that
 * it names. Throws one `ConfigError` with all mistakes.
 */
export const loadDoorConfig = (env: Environment): DoorConfig => {
  const given: Given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, value]])),
  );
  const parsed = SCHEMA.safeParse(given);
  const mistakes = [
    ...(parsed.error?.issues ?? []).map((issue) => `${String(issue.path[0])} ${issue.message}`),
    ...conflicts(given),
  ];
  if (!parsed.success || mistakes.length > 0) throw new ConfigError(mistakes);
  const files = filesIn(given);
  return {
    relaisUrl: parsed.data.RELAIS_URL,
    listen: parsed.data.SMTP_LISTEN,
    listenTls: parsed.data.SMTP_TLS_LISTEN,
    certificate: files === null ? null : { files, first: readCertificate(files) },
    allowClear: parsed.data.SMTP_ALLOW_CLEAR === "1",
  };
};
