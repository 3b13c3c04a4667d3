import { fieldsIn } from "../../api/failure.ts";
import type { Attempt, Message, SmtpReply, TimelineEntry } from "../../api/types.ts";
import { fieldSentence } from "../../i18n/field-message.ts";
import { problemText } from "../../i18n/problem-text.ts";
import { language, noteOf, t, tOr } from "../../state/language.ts";
import { Card } from "../../widgets/card.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { messageLook } from "../../widgets/looks.ts";
import { When } from "../../widgets/time.tsx";
import { type HistoryEntry, historyOf } from "./history.ts";

/** The other side's reply, word for word. */
export const replyText = ({ code, enhanced, response }: SmtpReply): string =>
  [code, enhanced, response].filter((part) => part !== null && part !== "").join(" ");

const StatusLine = ({ entry }: { readonly entry: TimelineEntry }) => {
  const note = noteOf(entry);
  return (
    <>
      <span class="row-title">{tOr(`message.status.${entry.status}`, entry.status)}</span>
      {note && <span>{note}</span>}
      {fieldsIn(entry.fields).map((field) => (
        <span key={field.path}>
          <code>{field.path}</code> {fieldSentence(field, language.value)}
        </span>
      ))}
    </>
  );
};

const AttemptLine = ({ entry }: { readonly entry: Extract<HistoryEntry, { readonly kind: "attempt" }> }) => (
  <>
    <span class="row-title">{t("message.attempt", { outcome: tOr(`attempt.${entry.outcome}`, entry.outcome) })}</span>
    {entry.problem !== null && <span>{problemText(entry.problem, language.value).title}</span>}
    {entry.reply !== null && <span class="mono">{replyText(entry.reply)}</span>}
  </>
);

const Mark = ({ outcome }: { readonly outcome: Message["status"] | Attempt["outcome"] }) => {
  const { tone, icon } = messageLook(outcome);
  return (
    <span class={`mark ${tone}`}>
      <Icon name={icon} />
    </span>
  );
};

/** Every change and attempt, each a line with its icon. */
export const Timeline = ({ message }: { readonly message: Message }) => {
  const history = historyOf(message);
  return (
    <Card title={t("message.timeline")}>
      {history.length === 0 ? (
        <p class="hint">{t("message.noTimeline")}</p>
      ) : (
        <ol class="timeline">
          {history.map((entry, index) => (
            <li key={`${entry.at} ${index}`}>
              <Mark outcome={entry.kind === "status" ? entry.change.status : entry.outcome} />
              <span class="timeline-what">
                {entry.kind === "status" ? <StatusLine entry={entry.change} /> : <AttemptLine entry={entry} />}
              </span>
              <span class="fine">
                <When iso={entry.at} seconds />
              </span>
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
};
