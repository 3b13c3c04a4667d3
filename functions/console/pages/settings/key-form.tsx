import { useState } from "preact/hooks";
import { fieldFailures } from "../../api/failure.ts";
import type { KeyPermission, NewApiKey } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { useDraft } from "../../state/draft.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Field } from "../../widgets/field.tsx";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { Submit } from "../../widgets/submit.tsx";

const PERMISSIONS: readonly KeyPermission[] = ["send", "read"];
const BLANK = { name: "", server: "", permissions: ["send"] as readonly KeyPermission[], expires: "" };

const keyOf = ({ name, server, permissions, expires }: typeof BLANK): NewApiKey => ({
  name: name.trim(),
  permissions,
  ...(server !== "" && { servers: [server] }),
  // The key is valid until the end of that day in the person's time zone.
  ...(expires !== "" && { expiresAt: new Date(`${expires}T23:59:59`).toISOString() }),
});

export const KeyForm = ({ onMade }: { readonly onMade: (key: string) => void }) => {
  const { draft, setDraft, resumed } = useDraft("key", BLANK);
  const [open] = useState(resumed);
  const servers = useRemote("servers for key", (signal) => api.servers.list(signal)).remote;
  const make = useAction((key: NewApiKey) => api.keys.make(key));
  const form = useFirstRefused(make.failure);
  const submit = async (event: Event) => {
    event.preventDefault();
    const result = await make.run(keyOf(draft));
    if (!result?.ok) return;
    setDraft(BLANK);
    onMade(result.value.key);
  };
  const toggle = (permission: KeyPermission) =>
    setDraft((before) => ({
      ...before,
      permissions: PERMISSIONS.filter((one) => before.permissions.includes(one) !== (one === permission)),
    }));
  return (
    <details open={open || undefined}>
      <summary>{t("key.new")}</summary>
      <form ref={form} class="inset" onSubmit={(event) => void submit(event)}>
        <Resumed resumed={resumed} />
        <div class="form-grid">
          <Field label={t("key.name")} hint={t("key.nameHint")} error={fieldFailures(make.failure, "/name")}>
            {(control) => (
              <input
                {...control}
                required
                value={draft.name}
                onInput={(e) => setDraft({ ...draft, name: e.currentTarget.value })}
              />
            )}
          </Field>
          <Field label={t("key.server")} hint={t("key.serverHint")} error={fieldFailures(make.failure, "/servers")}>
            {(control) => (
              <select
                {...control}
                value={draft.server}
                onChange={(e) => setDraft({ ...draft, server: e.currentTarget.value })}
              >
                <option value="">{t("key.allServers")}</option>
                {servers.phase === "ready" &&
                  servers.value.items.map(({ id, name }) => (
                    <option key={id} value={id}>
                      {name}
                    </option>
                  ))}
              </select>
            )}
          </Field>
          <fieldset class="choice">
            <legend>{t("key.permissions")}</legend>
            {PERMISSIONS.map((permission) => (
              <label class="check" key={permission}>
                <input
                  type="checkbox"
                  checked={draft.permissions.includes(permission)}
                  onChange={() => toggle(permission)}
                />
                <span>{t(`key.permission.${permission}`)}</span>
              </label>
            ))}
            {fieldFailures(make.failure, "/permissions") && <p class="field-error">{t("key.permissionNeeded")}</p>}
          </fieldset>
          <Field label={t("key.expiresAt")} optional error={fieldFailures(make.failure, "/expiresAt")}>
            {(control) => (
              <input
                {...control}
                type="date"
                value={draft.expires}
                onInput={(e) => setDraft({ ...draft, expires: e.currentTarget.value })}
              />
            )}
          </Field>
        </div>
        {make.failure && (
          <ProblemNotice failure={make.failure} shown={["/name", "/servers", "/permissions", "/expiresAt"]} />
        )}
        <div class="actions">
          <Submit label={t("key.make")} busy={make.busy} />
        </div>
      </form>
    </details>
  );
};
