import { useState } from "preact/hooks";
import { commandsFor } from "../../../domain/messages/statuses.ts";
import type { ApiFailure } from "../../api/failure.ts";
import type { Message } from "../../api/types.ts";
import { api } from "../../state/api.ts";
import { number, t } from "../../state/language.ts";
import { Confirm } from "../../widgets/confirm.tsx";
import { ProblemNotice } from "../../widgets/notice.tsx";
import type { Selection } from "./selection.ts";

const COMMANDS = ["retry", "cancel"] as const;
type Command = (typeof COMMANDS)[number];

interface Progress {
  readonly done: number;
  readonly of: number;
  /** How many of them failed, and how the last one did. */
  readonly failed: number;
  readonly failure: ApiFailure | null;
}

/** One after the other: a page full of commands at once would slow down the programs that send. */
const runAll = async (command: Command, ids: readonly string[], tell: (progress: Progress) => void): Promise<void> => {
  let progress: Progress = { done: 0, of: ids.length, failed: 0, failure: null };
  tell(progress);
  for (const id of ids) {
    const result = await api.messages[command](id);
    progress = {
      ...progress,
      done: progress.done + 1,
      ...(!result.ok && { failed: progress.failed + 1, failure: result.failure }),
    };
    tell(progress);
  }
};

interface Props {
  readonly messages: readonly Message[];
  readonly selection: Selection;
  readonly onDone: () => Promise<void>;
}

const Outcome = ({ progress: { done, of, failed, failure } }: { readonly progress: Progress }) => (
  <>
    <p role="status">
      {done < of
        ? t("bulk.progress", { done: number(done), of: number(of) })
        : t("bulk.done", { done: number(of - failed), of: number(of) })}
    </p>
    {done < of && <progress aria-label={t("messages.selection")} value={done} max={of} />}
    {done === of && failure !== null && <ProblemNotice failure={failure} />}
  </>
);

/** What can be done to the ticked messages, each command to those whose status allows it. */
export const BulkBar = ({ messages, selection, onDone }: Props) => {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [asked, setAsked] = useState<Command | null>(null);
  const chosen = selection.ids();
  const ticked = messages.filter(({ id }) => chosen.has(id));
  const isRunning = progress !== null && progress.done < progress.of;
  const fit = (command: Command) => ticked.filter(({ status }) => commandsFor(status).includes(command));
  const run = async (command: Command) => {
    const ids = fit(command).map(({ id }) => id);
    setAsked(null);
    await runAll(command, ids, setProgress);
    selection.clear();
    await onDone();
  };
  if (ticked.length === 0 && progress === null) return null;
  return (
    <div class="bulk">
      {ticked.length > 0 && !isRunning && (
        <div class="actions">
          <span>{t("bulk.selected", { count: number(ticked.length) })}</span>
          {COMMANDS.map((command) => {
            const count = fit(command).length;
            return (
              count > 0 && (
                <button key={command} type="button" class="button small" onClick={() => setAsked(command)}>
                  {t(`bulk.${command}`, { count: number(count) })}
                </button>
              )
            );
          })}
          <button type="button" class="quiet" onClick={selection.clear}>
            {t("bulk.clear")}
          </button>
        </div>
      )}
      {progress !== null && <Outcome progress={progress} />}
      <Confirm
        open={asked !== null}
        title={asked === null ? "" : t(`bulk.${asked}Title`, { count: number(fit(asked).length) })}
        confirmLabel={asked === null ? "" : t(`bulk.${asked}`, { count: number(fit(asked).length) })}
        danger={asked === "cancel"}
        busy={false}
        failure={null}
        onConfirm={() => asked !== null && void run(asked)}
        onClose={() => setAsked(null)}
      >
        <p>{asked !== null && t(`bulk.${asked}Text`)}</p>
      </Confirm>
    </div>
  );
};
