import type { ComponentChildren } from "preact";
import { type ApiFailure, fieldsElsewhere } from "../api/failure.ts";
import { fieldSentence } from "../i18n/field-message.ts";
import { problemText } from "../i18n/problem-text.ts";
import { language, t } from "../state/language.ts";
import { CopyButton } from "./copy-button.tsx";
import { Icon, type IconName } from "./icon.tsx";

export type Tone = "good" | "warn" | "bad" | "info";

const ICONS: Readonly<Record<Tone, IconName>> = { good: "check", warn: "warning", bad: "cross", info: "info" };

interface NoticeProps {
  readonly tone: Tone;
  readonly title: string;
  readonly children?: ComponentChildren;
  readonly actions?: ComponentChildren;
  /** Whether screen readers announce it: errors at once, others in turn; false if it is there from the start. */
  readonly live?: boolean;
}

export const Notice = ({ tone, title, children, actions, live = true }: NoticeProps) => (
  <div class={`notice ${tone}`} role={live ? (tone === "bad" ? "alert" : "status") : undefined}>
    <Icon name={ICONS[tone]} />
    <div class="notice-body">
      <p class="notice-title">{title}</p>
      {children}
      {actions && <div class="actions">{actions}</div>}
    </div>
  </div>
);

/** What happened and what to do, for every way a call can fail. */
export const failureText = (failure: ApiFailure): { readonly title: string; readonly advice: string } => {
  switch (failure.kind) {
    case "problem":
      return problemText(failure.problem.code, language.value);
    case "network":
      return { title: t("failure.network.title"), advice: t("failure.network.advice") };
    case "unreadable":
      return {
        title: t("failure.unreadable.title", { status: failure.status }),
        advice: t("failure.unreadable.advice", { status: failure.status }),
      };
    case "aborted":
      return { title: t("failure.aborted.title"), advice: t("failure.aborted.advice") };
  }
};

interface ProblemProps {
  readonly failure: ApiFailure;
  /** JSON Pointers of the form's own controls, which show their messages themselves. */
  readonly shown?: readonly string[];
  readonly retry?: () => void;
  /** Replaces the catalogue's text where the page knows better what to do (only for a 401). */
  readonly explain?: { readonly title: string; readonly advice: string };
}

export const ProblemNotice = ({ failure, shown = [], retry, explain }: ProblemProps) => {
  const refused = failure.kind === "problem" && failure.problem.status === 401;
  const { title, advice } = refused && explain !== undefined ? explain : failureText(failure);
  const others = fieldsElsewhere(failure, shown);
  const problem = failure.kind === "problem" ? failure.problem : null;
  // The API repeats the advice if it has nothing to add, and `explain` replaces the API's detail.
  const more = refused && explain !== undefined ? null : (problem?.detail ?? null);
  const detail = more === null || more.startsWith(advice) ? null : more;
  return (
    <Notice
      tone="bad"
      title={title}
      actions={
        retry && (
          <button type="button" class="button" onClick={retry}>
            {t("action.retry")}
          </button>
        )
      }
    >
      <p>{advice}</p>
      {detail !== null && <p class="fine mono">{detail}</p>}
      {problem?.redirectUri && (
        <p class="copy-row">
          <code>{problem.redirectUri}</code> <CopyButton text={problem.redirectUri} />
        </p>
      )}
      {others.length > 0 && (
        <ul>
          {others.map((other) => (
            <li key={other.path}>
              <code>{other.path}</code> {fieldSentence(other, language.value)}
            </li>
          ))}
        </ul>
      )}
      {problem !== null && problem.status >= 500 && problem.requestId !== null && (
        <details class="fine">
          <summary>{t("failure.details")}</summary>
          <p>{t("failure.requestId", { id: problem.requestId })}</p>
        </details>
      )}
    </Notice>
  );
};
