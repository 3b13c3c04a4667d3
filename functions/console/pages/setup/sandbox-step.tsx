import { useLocation } from "preact-iso/router";
import type { GmailCredentials } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { ProblemNotice } from "../../widgets/notice.tsx";
import { CredentialsForm } from "./credentials-form.tsx";
import { Step, type Steps } from "./step.tsx";

interface Props {
  readonly credentials: GmailCredentials;
  readonly steps: Steps;
  readonly onSaved: (credentials: GmailCredentials) => void;
}

/** With the local sandbox there is no project to create at Google: its client is one button away. */
export const SandboxStep = ({ credentials, steps, onSaved }: Props) => {
  const save = useAction(() => api.credentials.put({ sandbox: true }));
  const { route } = useLocation();
  const run = async () => {
    const result = await save.run();
    if (!result?.ok) return;
    onSaved(result.value);
    route("/servers/new");
  };
  return (
    <Step name="credentials" title={t("setup.sandbox")} steps={steps}>
      <p>{t("setup.sandboxText")}</p>
      {credentials.clientId !== null && <p class="fine mono">{credentials.clientId}</p>}
      <div class="actions">
        <button
          type="button"
          class={credentials.clientId === null ? "button primary" : "button"}
          aria-disabled={save.busy}
          onClick={() => void run()}
        >
          {save.busy ? t("state.working") : t("setup.sandboxUse")}
        </button>
      </div>
      {save.failure && <ProblemNotice failure={save.failure} />}
      <details>
        <summary>{t("setup.sandboxOther")}</summary>
        <div class="inset">
          <CredentialsForm current={credentials.clientId} onSaved={onSaved} />
        </div>
      </details>
    </Step>
  );
};
