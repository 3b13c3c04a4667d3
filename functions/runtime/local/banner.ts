import { type Config, REAL_GOOGLE } from "../config.ts";

export interface Announcements {
  readonly config: Config;
  /** Made by us, hence shown; null where one was given. */
  readonly madeSetupToken: string | null;
  readonly sandbox: {
    readonly mailboxUrl: string;
    readonly clientSecretFile: string;
    readonly operator: string;
  } | null;
}

const whereTo = ({ smtpHost, smtpPort }: Config["gmail"]): string =>
  `${smtpHost === REAL_GOOGLE.GMAIL_SMTP_HOST ? "the real Gmail, " : ""}${smtpHost}:${smtpPort}`;

/** The first lines on the terminal: where the console is, with its setup token, where mail goes, and what to do next. */
export const banner = ({ config, madeSetupToken, sandbox }: Announcements): string => {
  const { publicUrl, gmail, dataDir } = config;
  const lines = [
    "Relais is up.",
    "",
    `  Console      ${publicUrl}/${madeSetupToken === null ? "  (sign in with the RELAIS_SETUP_TOKEN you gave)" : `#setup=${madeSetupToken}`}`,
  ];
  if (madeSetupToken !== null) lines.push(`  Setup token  ${madeSetupToken}  (kept in ${dataDir}/setup-token)`);
  if (sandbox === null) {
    lines.push(`  Mail goes    to ${whereTo(gmail)}: what you send arrives`);
    lines.push(`  Redirect URI ${publicUrl}/google_gmail/confirm  (must stand in your OAuth client)`);
  } else {
    lines.push(`  Mailbox      ${sandbox.mailboxUrl}`);
    lines.push("  Mail goes    to that mailbox of the local Google sandbox; nothing leaves this machine");
    lines.push(`  OAuth client ${sandbox.clientSecretFile}  (upload it in the console, under Setup)`);
    lines.push(`  Operator     ${sandbox.operator}  (sandbox account that may sign in)`);
  }
  lines.push("", "Stop with Ctrl+C. The log follows, one JSON object a line.", "");
  return lines.join("\n");
};
