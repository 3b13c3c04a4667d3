import { type ApiFailure, fieldFailures } from "../../api/failure.ts";
import type { KeyPermission } from "../../api/types.ts";
import { LAST_DAY } from "../../i18n/time.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Field } from "../../widgets/field.tsx";

export interface KeyDraft {
  readonly name: string;
  /** Empty: every mail server. */
  readonly server: string;
  readonly permissions: readonly KeyPermission[];
  /** A day; empty: never. */
  readonly expires: string;
}

const PERMISSIONS: readonly KeyPermission[] = ["send", "read"];
export const BLANK: KeyDraft = { name: "", server: "", permissions: ["send"], expires: "" };

interface Props {
  readonly draft: KeyDraft;
  readonly setDraft: (change: (before: KeyDraft) => KeyDraft) => void;
  readonly failure: ApiFailure | null;
}

const changeTo = (setDraft: Props["setDraft"], change: Partial<KeyDraft>): void =>
  setDraft((before) => ({ ...before, ...change }));

const ServerField = ({ draft, setDraft, failure }: Props) => {
  const servers = useRemote("servers for key", (signal) => api.servers.list(signal)).remote;
  return (
    <Field label={t("key.server")} hint={t("key.serverHint")} error={fieldFailures(failure, "/servers")}>
      {(control) => (
        <select
          {...control}
          value={draft.server}
          onChange={(e) => changeTo(setDraft, { server: e.currentTarget.value })}
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
  );
};

const PermissionFields = ({ draft, setDraft, failure }: Props) => {
  const toggle = (permission: KeyPermission) =>
    setDraft((before) => ({
      ...before,
      permissions: PERMISSIONS.filter((one) => before.permissions.includes(one) !== (one === permission)),
    }));
  return (
    <fieldset class="choice">
      <legend>{t("key.permissions")}</legend>
      {PERMISSIONS.map((permission) => (
        <label class="check" key={permission}>
          <input type="checkbox" checked={draft.permissions.includes(permission)} onChange={() => toggle(permission)} />
          <span>{t(`key.permission.${permission}`)}</span>
        </label>
      ))}
      {fieldFailures(failure, "/permissions") && <p class="field-error">{t("key.permissionNeeded")}</p>}
    </fieldset>
  );
};

/** What a key is for, and until when. */
export const KeyFields = (props: Props) => {
  const { draft, setDraft, failure } = props;
  return (
    <div class="form-grid">
      <Field label={t("key.name")} hint={t("key.nameHint")} error={fieldFailures(failure, "/name")}>
        {(control) => (
          <input
            {...control}
            required
            value={draft.name}
            onInput={(e) => changeTo(setDraft, { name: e.currentTarget.value })}
          />
        )}
      </Field>
      <ServerField {...props} />
      <PermissionFields {...props} />
      <Field label={t("key.expiresAt")} optional error={fieldFailures(failure, "/expiresAt")}>
        {(control) => (
          <input
            {...control}
            type="date"
            max={LAST_DAY}
            value={draft.expires}
            onInput={(e) => changeTo(setDraft, { expires: e.currentTarget.value })}
          />
        )}
      </Field>
    </div>
  );
};
