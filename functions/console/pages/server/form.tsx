import { TRANSPORT_NAMES, traitsOf } from "../../../domain/transport.ts";
import { type ApiFailure, type FieldFailure, fieldFailures } from "../../api/failure.ts";
import { useDraft } from "../../state/draft.ts";
import { t } from "../../state/language.ts";
import { useSandbox } from "../../state/sandbox.ts";
import { isOperator } from "../../state/session-signal.ts";
import { Choice, Field } from "../../widgets/field.tsx";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { afterSave, type ServerDraft } from "./draft.ts";

const POINTERS = ["/name", "/username", "/description", "/fromFilter", "/priority", "/limits", "/sendAsUnchecked"];

interface Props {
  readonly initial: ServerDraft;
  readonly submitLabel: string;
  readonly busy: boolean;
  readonly failure: ApiFailure | null;
  /** Called at each change: what was said of the last save is no longer true of what is typed. */
  readonly onEdit?: () => void;
  /** Resolves to the form as it was stored, or null if it was not, or if the form is left. */
  readonly onSubmit: (draft: ServerDraft) => Promise<ServerDraft | null>;
}

export const ServerForm = ({ initial, submitLabel, busy, failure, onEdit, onSubmit }: Props) => {
  const { draft, setDraft, resumed } = useDraft("server", initial);
  const set = (change: Partial<ServerDraft>) => {
    onEdit?.();
    setDraft((before) => ({ ...before, ...change }));
  };
  const form = useFirstRefused(failure);
  const errorAt = (pointer: string) => fieldFailures(failure, pointer);
  const submit = async () => {
    const stored = await onSubmit(draft);
    if (stored !== null) setDraft((now) => afterSave(stored, draft, now));
  };
  const nameTaken = failure?.kind === "problem" && failure.problem.code === "name_taken";
  return (
    <form
      ref={form}
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <Resumed resumed={resumed} />
      <div class="form-grid">
        <Field
          label={t("server.name")}
          hint={t("server.nameHint")}
          error={nameTaken ? t("server.nameTaken") : errorAt("/name")}
        >
          {(control) => (
            <input {...control} required value={draft.name} onInput={(e) => set({ name: e.currentTarget.value })} />
          )}
        </Field>
        {isOperator() && <AccountFields draft={draft} set={set} errorAt={errorAt} />}
      </div>
      <MoreFields draft={draft} set={set} errorAt={errorAt} />
      {failure && <ProblemNotice failure={failure} shown={POINTERS} />}
      <div class="actions">
        <Submit label={submitLabel} busy={busy} />
      </div>
    </form>
  );
};

interface FieldsProps {
  readonly draft: ServerDraft;
  readonly set: (change: Partial<ServerDraft>) => void;
  readonly errorAt: (pointer: string) => readonly FieldFailure[] | null;
}

/** Which account sends the mail, and how. */
const AccountFields = ({ draft, set, errorAt }: FieldsProps) => {
  const sandbox = useSandbox();
  // Until it is known which of the two is true, a blank keeps the line.
  const hint = sandbox === undefined ? "\u00a0" : t(sandbox === null ? "server.usernameHint" : "sandbox.accounts");
  return (
    <>
      <Field label={t("server.username")} hint={hint} error={errorAt("/username")}>
        {(control) => (
          <input
            {...control}
            type="email"
            inputMode="email"
            autocomplete="off"
            spellcheck={false}
            required
            value={draft.username}
            onInput={(e) => set({ username: e.currentTarget.value })}
          />
        )}
      </Field>
      <div class="whole">
        <Choice
          legend={t("server.transport")}
          name="transport"
          value={draft.transport}
          onChoose={(transport) => set({ transport })}
          options={TRANSPORT_NAMES.map((value) => ({
            value,
            label: t(`transport.${value}`),
            hint: t(`transport.${value}Hint`),
          }))}
        />
      </div>
    </>
  );
};

interface NumberFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly error: readonly FieldFailure[] | null;
  readonly range: { readonly min: number; readonly max?: number };
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A whole number; empty means the default. */
const NumberField = ({ range, value, onChange, ...field }: NumberFieldProps) => (
  <Field {...field} optional>
    {(control) => (
      <input
        {...control}
        {...range}
        type="number"
        step="1"
        value={value}
        onInput={(e) => onChange(e.currentTarget.value)}
      />
    )}
  </Field>
);

const MoreFields = ({ draft, set, errorAt }: FieldsProps) => (
  <div class="form-grid">
    <Field label={t("server.description")} optional error={errorAt("/description")}>
      {(control) => (
        <input {...control} value={draft.description} onInput={(e) => set({ description: e.currentTarget.value })} />
      )}
    </Field>
    {isOperator() && <ChoiceFields draft={draft} set={set} errorAt={errorAt} />}
    <NumberField
      label={t("server.perMinute")}
      hint={t("server.limitsHint")}
      error={errorAt("/limits/perMinute") ?? errorAt("/limits")}
      range={{ min: 1 }}
      value={draft.perMinute}
      onChange={(perMinute) => set({ perMinute })}
    />
    <NumberField
      label={t("server.perDay")}
      hint={t("server.limitsDayHint")}
      error={errorAt("/limits/perDay")}
      range={{ min: 1 }}
      value={draft.perDay}
      onChange={(perDay) => set({ perDay })}
    />
  </div>
);

/** Which mail this server may send; only operators may set it. */
const ChoiceFields = ({ draft, set, errorAt }: FieldsProps) => (
  <>
    <NumberField
      label={t("server.priority")}
      hint={t("server.priorityHint")}
      error={errorAt("/priority")}
      range={{ min: 0, max: 10_000 }}
      value={draft.priority}
      onChange={(priority) => set({ priority })}
    />
    <div class="whole">
      <Field label={t("server.fromFilter")} optional hint={t("server.fromFilterHint")} error={errorAt("/fromFilter")}>
        {(control) => (
          <textarea
            {...control}
            rows={3}
            spellcheck={false}
            value={draft.fromFilter}
            onInput={(e) => set({ fromFilter: e.currentTarget.value })}
          />
        )}
      </Field>
    </div>
    {traitsOf(draft.transport).vouching && (
      <label class="check whole">
        <input
          type="checkbox"
          checked={draft.sendAsUnchecked}
          onChange={(e) => set({ sendAsUnchecked: e.currentTarget.checked })}
        />
        <span>{t("server.sendAsUnchecked")}</span>
      </label>
    )}
    <label class="check whole">
      <input type="checkbox" checked={draft.shared} onChange={(e) => set({ shared: e.currentTarget.checked })} />
      <span>{t("server.shared")}</span>
    </label>
  </>
);
