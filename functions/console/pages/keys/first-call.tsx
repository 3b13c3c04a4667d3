import { useState } from "preact/hooks";
import { DOCS_PATHS } from "../../../reference/docs-paths.ts";
import { language, t } from "../../state/language.ts";
import { CopyButton } from "../../widgets/copy-button.tsx";
import { Tabs } from "../../widgets/tabs.tsx";
import { EXAMPLE_LABELS, EXAMPLE_MAIL, EXAMPLES, type ExampleName } from "./examples.ts";
import { SmtpValues } from "./smtp-values.tsx";

const TABS = [
  ...(["curl", "node", "python", "php"] as const).map((name) => ({ name, label: EXAMPLE_LABELS[name] })),
  { name: "smtp", label: "SMTP" },
] as const;

const Example = ({ name, apiKey }: { readonly name: ExampleName; readonly apiKey: string }) => {
  const example = EXAMPLES[name]({ origin: location.origin, key: apiKey, ...EXAMPLE_MAIL[language.value] });
  return (
    <>
      <pre>
        <code>{example}</code>
      </pre>
      <div class="actions">
        <CopyButton text={example} />
        <a href={DOCS_PATHS[language.value]}>{t("send.reference")}</a>
      </div>
    </>
  );
};

/** Stands for a key where none was just made. */
const SOME_KEY = "rk_…";

interface Props {
  /** The key as it was made, if it is still shown. */
  readonly apiKey?: string;
}

/** A call that works as it stands, in the language of the program that will send. */
export const FirstCall = ({ apiKey }: Props) => {
  const [chosen, choose] = useState<(typeof TABS)[number]["name"]>("curl");
  return (
    <Tabs label={t("send.example")} tabs={TABS} chosen={chosen} onChoose={choose}>
      {chosen === "smtp" ? (
        <SmtpValues hasKey={apiKey !== undefined} />
      ) : (
        <Example name={chosen} apiKey={apiKey ?? SOME_KEY} />
      )}
    </Tabs>
  );
};
