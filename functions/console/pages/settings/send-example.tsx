import { DOCS_PATHS } from "../../../reference/docs-paths.ts";
import { language, t } from "../../state/language.ts";
import { CopyButton } from "../../widgets/copy-button.tsx";

const exampleFor = (address: string, key: string): string =>
  `curl ${address} \\
  -H "Authorization: Bearer ${key}" \\
  -H "Content-Type: application/json" \\
  -d '{"to": "client@example.org", "subject": "Test", "text": "Bonjour"}'`;

/** What a developer needs: the address, and a call that works once it contains a key. */
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
      <p>
        <a href={DOCS_PATHS[language.value]}>{t("send.reference")}</a>
      </p>
    </>
  );
};
