import type { ComponentChildren } from "preact";
import type { DoctorReport } from "../../api/types.ts";
import { t } from "../../state/language.ts";
import { Icon } from "../../widgets/icon.tsx";

const NAMES = ["project", "branding", "audience", "client", "credentials", "server", "program"] as const;
type StepName = (typeof NAMES)[number];

export interface Steps {
  readonly done: ReadonlySet<StepName>;
  /** The one to do now; null once nothing is left. */
  readonly current: StepName | null;
}

interface Facts {
  /** Null until it has been read. */
  readonly report: DoctorReport | null;
  readonly hasClient: boolean;
  /** Null until it has been read. */
  readonly hasKey: boolean | null;
  /** With the sandbox there is nothing to do at Google. */
  readonly onSandbox: boolean;
}

const ON_SANDBOX: readonly StepName[] = ["credentials", "server", "program"];

/** Not declaring who may connect prevents nothing: it is advice, and never the step to do now. */
const OPTIONAL: readonly StepName[] = ["audience"];

/** A saved client shows that the steps at Google which lead to it were taken. */
export const stepsOf = ({ report, hasClient, hasKey, onSandbox }: Facts): Steps => {
  // What is open must not fold under a reader's eyes once the rest is known.
  if (report === null || hasKey === null) return { done: new Set(), current: null };
  const passed = (id: string): boolean => report.checks.find((check) => check.id === id)?.ok ?? false;
  const isDone: Readonly<Record<StepName, boolean>> = {
    project: hasClient,
    branding: hasClient,
    audience: passed("publishing_status"),
    client: hasClient,
    credentials: hasClient,
    server: passed("mail_server"),
    program: hasKey,
  };
  const shown = onSandbox ? ON_SANDBOX : NAMES;
  const current = shown.find((name) => !isDone[name] && !(hasClient && OPTIONAL.includes(name)));
  return { done: new Set(NAMES.filter((name) => isDone[name])), current: current ?? null };
};

interface Props {
  readonly name: StepName;
  readonly title: string;
  readonly steps: Steps;
  readonly children: ComponentChildren;
}

/** One step of the setup: open while it is the one to do, folded to a line otherwise. */
export const Step = ({ name, title, steps, children }: Props) => {
  const done = steps.done.has(name);
  return (
    <li class={done ? "done" : undefined}>
      <details class="card step" open={steps.current === name}>
        <summary>
          <span class="step-title">{title}</span>
          {!done && OPTIONAL.includes(name) && <span class="fine">{t("check.advice")}</span>}
          {done && (
            <span class="step-done">
              <Icon name="check" />
              {t("setup.stepDone")}
            </span>
          )}
        </summary>
        <div class="stack">{children}</div>
      </details>
    </li>
  );
};
