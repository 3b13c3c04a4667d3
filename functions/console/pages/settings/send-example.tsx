import { t } from "../../state/language.ts";
import { CopyButton } from "../../widgets/copy-button.tsx";

const exampleFor = (address: string, key: string): string =>
  `curl ${address} \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"to": "client@example.org", "subject": "Test", "text": "Bonjour"}'`;

/** What whoever sets up the ERP needs to know: where to, and a call that works once a key is put in. */
export const SendExample = () => {
  const address = `${location.origin}/v1/messages`;
  const example = exampleFor(address, "rk_…");
  return (
    <>
      <p>{t("send.address")}</p>
      <p class="copy-row">
        <code>{address}</code>
        <CopyButton text={address} />
      </p>
      <details>
        <summary>{t("send.example")}</summary>
        <pre>
          <code>{example}</code>
        </pre>
        <CopyButton text={example} />
      </details>
    </>
  );
};
