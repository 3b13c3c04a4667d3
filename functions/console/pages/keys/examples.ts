import type { InEveryLanguage } from "../../../domain/language.ts";

/** What a first call needs. */
export interface Caller {
  /** Where Relais answers: `https://relais.example.com`. */
  readonly origin: string;
  readonly key: string;
  readonly subject: string;
  readonly text: string;
}

/** An address of RFC 2606, which no mailbox has. */
const RECIPIENT = "client@example.org";

const curl = ({ origin, key, subject, text }: Caller): string =>
  `curl ${origin}/v1/messages \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"to": "${RECIPIENT}", "subject": "${subject}", "text": "${text}"}'`;

const node = ({ origin, key, subject, text }: Caller): string =>
  `const response = await fetch("${origin}/v1/messages", {
  method: "POST",
  headers: {
    Authorization: "Bearer ${key}",
    "Content-Type": "application/json",
    "Idempotency-Key": crypto.randomUUID(),
  },
  body: JSON.stringify({ to: "${RECIPIENT}", subject: "${subject}", text: "${text}" }),
});
console.log(response.status, await response.json());`;

const python = ({ origin, key, subject, text }: Caller): string =>
  `import json, urllib.request

request = urllib.request.Request(
    "${origin}/v1/messages",
    data=json.dumps({"to": "${RECIPIENT}", "subject": "${subject}", "text": "${text}"}).encode(),
    headers={"Authorization": "Bearer ${key}", "Content-Type": "application/json"},
)
print(urllib.request.urlopen(request).read().decode())`;

const php = ({ origin, key, subject, text }: Caller): string =>
  `<?php
$call = curl_init('${origin}/v1/messages');
curl_setopt_array($call, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ${key}', 'Content-Type: application/json'],
    CURLOPT_POSTFIELDS => json_encode(['to' => '${RECIPIENT}', 'subject' => '${subject}', 'text' => '${text}']),
]);
echo curl_exec($call);`;

/** A first call in each language that programs are written in, ready to be pasted. */
export const EXAMPLES = { curl, node, python, php } as const satisfies Readonly<
  Record<string, (caller: Caller) => string>
>;

export type ExampleName = keyof typeof EXAMPLES;

/** The same in every language of the console. */
export const EXAMPLE_LABELS: Readonly<Record<ExampleName, string>> = {
  curl: "curl",
  node: "Node.js",
  python: "Python",
  php: "PHP",
};

/** Shell, JavaScript, Python and PHP quote them alike: without quotation marks and apostrophes. */
export const EXAMPLE_MAIL: InEveryLanguage<Pick<Caller, "subject" | "text">> = {
  fr: { subject: "Premier essai", text: "Bonjour de Relais" },
  en: { subject: "First test", text: "Hello from Relais" },
};
