import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { MailServer, TestReport, TestStage } from "../../api/types.ts";
import { problemText } from "../../i18n/problem-text.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { language, number, t, tOr } from "../../state/language.ts";
import { Badge } from "../../widgets/badge.tsx";
import { Icon } from "../../widgets/icon.tsx";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";
import { hasAccess } from "./needing-attention.ts";

/** Spans the whole table below its stage: advice needs room on a narrow screen. */
const StageProblem = ({ stage }: { readonly stage: TestStage }) => {
  if (stage.ok) return null;
  const { code, upstream } = stage.problem;
  const { title, advice } = problemText(code, language.value);
  return (
    <tr class="more">
      <td colSpan={3}>
        <p>
          <strong>{title}</strong>
        </p>
        <p>{advice}</p>
        {upstream && <blockquote class="mono">{upstream}</blockquote>}
      </td>
    </tr>
  );
};

/** Empty for a step that took no time, such as one that only looks at the token's scopes. */
const durationOf = ({ ms }: TestStage): string => {
  const rounded = Math.round(ms);
  return rounded === 0 ? "" : t("test.ms", { ms: number(rounded) });
};

const msOf = (stages: readonly TestStage[]): number => stages.reduce((all, { ms }) => all + ms, 0);

const Stage = ({ stage }: { readonly stage: TestStage }) => (
  <>
    <tr>
      <th scope="row">{tOr(`stage.${stage.stage}`, stage.stage)}</th>
      <td>
        <Badge
          tone={stage.ok ? "good" : "bad"}
          icon={stage.ok ? "check" : "cross"}
          text={stage.ok ? t("test.passed") : t("test.failed")}
        />
      </td>
      <td class="number">{durationOf(stage)}</td>
    </tr>
    <StageProblem stage={stage} />
  </>
);

const Stages = ({ stages }: { readonly stages: readonly TestStage[] }) => (
  <table>
    <caption class="visually-hidden">{t("test.stages")}</caption>
    <thead>
      <tr>
        <th scope="col">{t("test.stage")}</th>
        <th scope="col">{t("test.result")}</th>
        <th scope="col" class="number">
          {t("test.time")}
        </th>
      </tr>
    </thead>
    <tbody>
      {stages.map((stage) => (
        <Stage key={stage.stage} stage={stage} />
      ))}
    </tbody>
  </table>
);

/** A passed test is one line; of a failed one, each step says how far it came. */
const Report = ({ report: { ok, stages } }: { readonly report: TestReport }) =>
  ok ? (
    <p class="outcome">
      <span class="mark good">
        <Icon name="check" />
      </span>
      <span>{t("test.ok")}</span>
      <span class="fine">
        {t("test.passedIn", { count: number(stages.length), ms: number(Math.round(msOf(stages))) })}
      </span>
    </p>
  ) : (
    <>
      <Notice tone="bad" title={t("test.notOk")} />
      <Stages stages={stages} />
    </>
  );

interface Props {
  readonly server: MailServer;
  /** Called after each test, which may change the connection's state and so its badge. */
  readonly onTested: () => Promise<void>;
  /** What else can be done, before the test. */
  readonly children: ComponentChildren;
}

export const ConnectionTest = ({ server, onTested, children }: Props) => {
  const [report, setReport] = useState<TestReport | null>(null);
  const test = useAction(() => api.servers.test(server.id));
  const run = async () => {
    setReport(null);
    const result = await test.run();
    if (result === null) return;
    if (result.ok) setReport(result.value);
    await onTested();
  };
  return (
    <>
      <div class="actions">
        {children}
        <button type="button" class="button" aria-disabled={test.busy} onClick={() => void run()}>
          {t("test.action")}
        </button>
        <div role="status">
          {test.busy && (
            <p class="loading">
              <span class="spinner" aria-hidden="true" />
              {t("test.running")}
            </p>
          )}
          {/* A later poll may have found what the test did not. */}
          {report?.ok && hasAccess(server.connection) && <Report report={report} />}
        </div>
      </div>
      {test.failure && <ProblemNotice failure={test.failure} />}
      {report?.ok === false && <Report report={report} />}
    </>
  );
};
