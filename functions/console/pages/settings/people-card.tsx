import { useState } from "preact/hooks";
import { names } from "../../../domain/access/admission.ts";
import { domainEntry } from "../../../domain/address.ts";
import { fieldFailures } from "../../api/failure.ts";
import type { Settings } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { session } from "../../state/session-signal.ts";
import { useTyped } from "../../state/typed.ts";
import { Card } from "../../widgets/card.tsx";
import { Confirm } from "../../widgets/confirm.tsx";
import { Field } from "../../widgets/field.tsx";
import { useFirstRefused } from "../../widgets/first-refused.ts";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { Resumed } from "../../widgets/resumed.tsx";
import { Submit } from "../../widgets/submit.tsx";
import { entriesOf } from "../server/draft.ts";

const LISTS = ["operators", "members", "callers"] as const;
const POINTERS = [...LISTS.map((list) => `/${list}`), "/retentionDays"];

type Typed = Readonly<Record<(typeof LISTS)[number] | "retentionDays", string>>;

const typedOf = (settings: Settings): Typed => ({
  operators: settings.operators.join("\n"),
  members: settings.members.join("\n"),
  callers: settings.callers.join("\n"),
  retentionDays: String(settings.retentionDays),
});

const same = (one: Typed, other: Typed): boolean => JSON.stringify(one) === JSON.stringify(other);

/** Only what was changed is sent: two people can change two things at once. */
const patchOf = (before: Typed, after: Typed): Partial<Settings> => ({
  ...Object.fromEntries(
    LISTS.filter((list) => after[list] !== before[list]).map((list) => [list, entriesOf(after[list])]),
  ),
  ...(after.retentionDays !== before.retentionDays && { retentionDays: Number(after.retentionDays) }),
});

interface Props {
  readonly settings: Settings;
  readonly onSaved: (settings: Settings) => void;
}

/** Whoever is here as an operator by the list, and would be no longer: an address; else null. */
const lockedOut = (before: Typed, after: Typed): string | null => {
  const state = session.value;
  if (state.kind !== "signed_in") return null;
  const { actor } = state.session;
  // A person who came in by a domain entry is of the Workspace that their address names, but for aliases of another domain.
  const account = { email: actor, hostedDomain: domainEntry(actor).slice(1) };
  const named = ({ operators }: Typed) => names(entriesOf(operators), account);
  return named(before) && !named(after) ? actor : null;
};

/** Who may do what, and how long messages are remembered. */
export const PeopleCard = ({ settings, onSaved }: Props) => {
  const [base, setBase] = useState(() => typedOf(settings));
  const { typed, setTyped, resumed } = useTyped("people", base);
  const [saved, setSaved] = useState(false);
  const now = typedOf(settings);
  // Changed by somebody else, and nothing typed here that it would overwrite.
  if (same(typed, base) && !same(now, base)) {
    setBase(now);
    setTyped(now);
  }
  const save = useAction(() => api.settings.change(patchOf(base, typed)));
  const form = useFirstRefused(save.failure);
  const [asking, setAsking] = useState<string | null>(null);
  const submit = (event: Event) => {
    event.preventDefault();
    const out = lockedOut(base, typed);
    if (out === null) void store();
    else setAsking(out);
  };
  const store = async () => {
    setAsking(null);
    setSaved(false);
    const result = await save.run();
    if (!result?.ok) return;
    setBase(typedOf(result.value));
    setTyped(typedOf(result.value));
    setSaved(true);
    onSaved(result.value);
  };
  return (
    <Card title={t("people.title")}>
      <form ref={form} onSubmit={submit}>
        <Resumed resumed={resumed} />
        {LISTS.map((list) => (
          <Field
            key={list}
            label={t(`people.${list}`)}
            hint={t(`people.${list}Hint`)}
            error={fieldFailures(save.failure, `/${list}`)}
          >
            {(control) => (
              <textarea
                {...control}
                rows={3}
                spellcheck={false}
                value={typed[list]}
                onInput={(e) => setTyped({ ...typed, [list]: e.currentTarget.value })}
              />
            )}
          </Field>
        ))}
        <Field
          label={t("people.retention")}
          hint={t("people.retentionHint")}
          error={fieldFailures(save.failure, "/retentionDays")}
        >
          {(control) => (
            <input
              {...control}
              type="number"
              min="1"
              max="3650"
              step="1"
              required
              value={typed.retentionDays}
              onInput={(e) => setTyped({ ...typed, retentionDays: e.currentTarget.value })}
            />
          )}
        </Field>
        {save.failure && <ProblemNotice failure={save.failure} shown={POINTERS} />}
        <div class="actions">
          <Submit label={t("action.save")} busy={save.busy} />
        </div>
        {saved && <Notice tone="good" title={t("state.saved")} />}
      </form>
      <Confirm
        open={asking !== null}
        title={t("people.outTitle")}
        confirmLabel={t("people.out")}
        danger
        busy={save.busy}
        failure={null}
        onConfirm={() => void store()}
        onClose={() => setAsking(null)}
      >
        <p>{t("people.outText", { address: asking ?? "" })}</p>
      </Confirm>
    </Card>
  );
};
