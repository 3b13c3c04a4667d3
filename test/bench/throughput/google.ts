/**
 * The sandbox of the rig in a process of its own: `node google.ts <accounts> <EHLO keywords to leave out>`. It tells
 * its parent of each mail that it has taken, and what was granted to each account.
 */
import { sandboxToken } from "../../builders/sandbox-token.ts";
import type { SentMail } from "../../google-sandbox/mailbox.ts";
import { startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { cpuOnRequest } from "./child.ts";
import "./nagle-off.ts";

const [count = "1", ...lacking] = process.argv.slice(2);
const accounts = Array.from({ length: Number(count) }, (_, n) => ({
  sub: String(10n ** 20n + BigInt(n)),
  email: `sender${n}@example.com`,
  name: `Sender ${n}`,
  hostedDomain: "example.com",
  sendAs: [],
}));

export interface Ready {
  readonly environment: Readonly<Record<string, string>>;
  readonly ca: string;
  readonly smtpPort: number;
  readonly httpPort: number;
  readonly accounts: readonly { readonly email: string; readonly accessToken: string }[];
}

/** Told together, so that telling costs little. */
let taken: (readonly [messageId: string, atMs: number])[] = [];
const tell = (): void => {
  process.send?.({ taken });
  taken = [];
  // The rig keeps no mail, however many go through it.
  sandbox.control.clearMails();
  sandbox.control.clearTranscripts();
};
const onMail = ({ messageId, atMs }: SentMail): void => {
  if (taken.length === 0) setImmediate(tell);
  taken.push([messageId, atMs]);
};

const sandbox = await startGoogleSandbox({ accounts, operatorEmail: "sender0@example.com", onMail });
const granted: Ready["accounts"][number][] = [];
for (const { email } of accounts) granted.push({ email, accessToken: (await sandboxToken(sandbox, email)).reveal() });
if (lacking.length > 0) sandbox.control.set({ fault: "smtp_lacks", extensions: lacking });
cpuOnRequest();
const { environment, ca } = sandbox;
const ready: Ready = {
  environment,
  ca,
  smtpPort: sandbox.smtp.port,
  httpPort: Number(new URL(sandbox.origin).port),
  accounts: granted,
};
process.send?.({ ready });
