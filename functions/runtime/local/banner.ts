import type { Build } from "../../domain/build.ts";
import { type Config, REAL_GOOGLE } from "../config.ts";
import type { LocalDoor } from "./door.ts";

export interface BannerFacts {
  readonly build: Build;
  readonly config: Config;
  readonly smtp: LocalDoor;
  /** Shown because Relais generated it; null if the environment gave one. */
  readonly madeSetupToken: string | null;
  readonly sandbox: {
    readonly mailboxUrl: string;
    readonly clientSecretFile: string;
    readonly operator: string;
  } | null;
}

const describeTarget = ({ smtpHost, smtpPort }: Config["gmail"]): string =>
  `${smtpHost === REAL_GOOGLE.GMAIL_SMTP_HOST ? "the real Gmail, " : ""}${smtpHost}:${smtpPort}`;

const describeDoor = (smtp: LocalDoor): string[] => {
  switch (smtp.state) {
    case "open":
      return [
        `  SMTP         ${smtp.address.host}:${smtp.address.port}  (username relais, password an API key, for programs on this machine)`,
      ];
    case "port_taken":
      return [
        `  SMTP         not available: another program has port ${smtp.port}  (choose another: RELAIS_SMTP_PORT=${smtp.port + 1} npm start)`,
      ];
    case "off":
      return [];
  }
};

const describeDocuments = ({ documents, documentStore }: Config): string[] =>
  documents === null
    ? []
    : [
        `  Documents    of ${documents.collection} in the Firestore emulator at ${documentStore?.emulator ?? "?"}, project ${documentStore?.projectId}`,
      ];

/** The first lines on the terminal: the console's address and setup token, where mail goes, and what to do next. */
export const banner = ({ build, config, smtp, madeSetupToken, sandbox }: BannerFacts): string => {
  const { publicUrl, gmail, dataDir } = config;
  const lines = [
    "Relais is up.",
    "",
    `  Console      ${publicUrl}/${madeSetupToken === null ? "  (sign in with your RELAIS_SETUP_TOKEN)" : `#setup=${madeSetupToken}`}`,
  ];
  if (madeSetupToken !== null) lines.push(`  Setup token  ${madeSetupToken}  (kept in ${dataDir}/setup-token)`);
  lines.push(...describeDoor(smtp));
  if (sandbox === null) {
    lines.push(`  Mail goes    to ${describeTarget(gmail)}: recipients really get it`);
    lines.push(`  Redirect URI ${publicUrl}/google_gmail/confirm  (add it to your OAuth client)`);
  } else {
    lines.push(`  Mailbox      ${sandbox.mailboxUrl}`);
    lines.push("  Mail goes    to this mailbox in the local Google sandbox; nothing leaves this machine");
    lines.push(`  OAuth client ${sandbox.clientSecretFile}  (one button in the console, under Setup, uses it)`);
    lines.push(`  Operator     ${sandbox.operator}  (sandbox account to sign in with)`);
  }
  lines.push(...describeDocuments(config));
  lines.push(`  Version      ${build.version}, commit ${build.commit}`);
  lines.push("", "Open the console to get started; stop with Ctrl+C. The log follows, one JSON object per line.", "");
  return lines.join("\n");
};
